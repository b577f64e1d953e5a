// The faulty DNS server as a program, for tests that are not C++ (tests/e2e/faulty.py). It prints its port, then reads
// commands from standard input, one a line, and answers each with a line, until the input ends:
//
//   script      the lines up to one that is a lone dot are the script from now on (faulty_dns.h)
//   stop        closes its sockets: the kernel refuses what is sent
//   start       opens them again; "start udp" lets the kernel refuse TCP still
//   mute        answers nothing; "unmute" again
//   count NAME  tells how often NAME was asked; without a name how often anything was

#include <exception>
#include <iostream>
#include <sstream>
#include <string>

#include "tests/support/faulty_dns.h"

namespace assay::test {
namespace {

std::string read_script_lines() {
  std::string script;
  for (std::string line; std::getline(std::cin, line) && line != ".";) {
    script += line + "\n";
  }
  return script;
}

/// What is answered to the command.
std::string obey(FaultyDns& server, std::istringstream& words) {
  std::string command;
  std::string argument;
  words >> command >> argument;
  if (command == "script") {
    server.set_script(read_script_lines());
  } else if (command == "stop") {
    server.stop();
  } else if (command == "start") {
    server.start(argument != "udp");
  } else if (command == "mute" || command == "unmute") {
    server.set_mute(command == "mute");
  } else if (command == "count") {
    return std::to_string(argument.empty() ? server.queries().size() : server.count(argument));
  } else {
    return "unknown command " + command;
  }
  return "done";
}

}  // namespace
}  // namespace assay::test

int main() {
  try {
    assay::test::FaultyDns server("");
    std::cout << server.port() << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
      std::istringstream words(line);
      std::string answer;
      try {
        answer = assay::test::obey(server, words);
      } catch (const std::exception& error) {
        answer = error.what();
      }
      std::cout << answer << std::endl;
    }
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
