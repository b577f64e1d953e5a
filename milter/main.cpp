#include <cstdio>
#include <exception>

#include "milter/daemon.h"
#include "milter/options.h"
#include "program/standard_files.h"

int main(int argc, char** argv) {
  assay::program::hold_standard_files();
  try {
    int exit_status = 0;
    const auto line = assay::milter::parse_command_line(argc, argv, exit_status);
    if (!line) {
      return exit_status;
    }
    return line->check ? assay::milter::check_configuration(*line) : assay::milter::run_daemon(*line);
  } catch (const std::exception& error) {
    static_cast<void>(std::fprintf(stderr, "assayd: %s\n", error.what()));
    return 1;
  }
}
