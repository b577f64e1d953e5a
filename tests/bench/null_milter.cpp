// bench_null_milter: what libmilter itself costs. It negotiates as assayd does, takes every event that assayd takes,
// and does nothing with any of them. Serves until it is ended.

#include <libmilter/mfapi.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "config/settings.h"
#include "milter/listen_socket.h"
#include "milter/negotiation.h"

namespace assay::bench {
namespace {

using milter::Capabilities;

/// As assayd has it (milter/daemon.cpp).
constexpr std::size_t kMaxPacketOctets = std::size_t{16} << 20U;

sfsistat quiet(SMFICTX* context, bool Capabilities::*no_reply) {
  const auto* agreed = static_cast<const Capabilities*>(smfi_getpriv(context));
  return agreed != nullptr && agreed->*no_reply ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

extern "C" {

sfsistat null_negotiate(SMFICTX* context, unsigned long actions, unsigned long steps, unsigned long, unsigned long,
                        unsigned long* agreed_actions, unsigned long* agreed_steps, unsigned long* reserved2,
                        unsigned long* reserved3) {
  const milter::Options agreed = milter::negotiate({actions, steps});
  *agreed_actions = agreed.actions;
  *agreed_steps = agreed.steps;
  *reserved2 = 0;
  *reserved3 = 0;
  auto can = std::make_unique<Capabilities>(milter::capabilities(agreed));
  if (can->can_name_macros) {
    for (const milter::MacroList& list : milter::macro_lists()) {
      static_cast<void>(smfi_setsymlist(context, list.stage, const_cast<char*>(list.names)));
    }
  }
  delete static_cast<Capabilities*>(smfi_getpriv(context));
  smfi_setpriv(context, can.release());
  return SMFIS_CONTINUE;
}

sfsistat null_connect(SMFICTX* context, char*, _SOCK_ADDR*) {
  return quiet(context, &Capabilities::no_reply_connect);
}

sfsistat null_helo(SMFICTX* context, char*) {
  return quiet(context, &Capabilities::no_reply_helo);
}

sfsistat null_mail(SMFICTX*, char**) {
  return SMFIS_CONTINUE;
}

sfsistat null_recipient(SMFICTX*, char**) {
  return SMFIS_CONTINUE;
}

sfsistat null_header(SMFICTX* context, char*, char*) {
  return quiet(context, &Capabilities::no_reply_header);
}

sfsistat null_end_of_headers(SMFICTX* context) {
  return quiet(context, &Capabilities::no_reply_end_of_headers);
}

sfsistat null_body(SMFICTX*, unsigned char*, size_t) {
  return SMFIS_CONTINUE;
}

sfsistat null_end_of_message(SMFICTX*) {
  return SMFIS_CONTINUE;
}

sfsistat null_abort(SMFICTX*) {
  return SMFIS_CONTINUE;
}

sfsistat null_close(SMFICTX* context) {
  delete static_cast<Capabilities*>(smfi_getpriv(context));
  smfi_setpriv(context, nullptr);
  return SMFIS_CONTINUE;
}

}  // extern "C"

bool register_callbacks() {
  static std::string name = "null";
  smfiDesc description{};
  description.xxfi_name = name.data();
  description.xxfi_version = SMFI_VERSION;
  description.xxfi_flags = milter::wanted_actions();
  description.xxfi_connect = null_connect;
  description.xxfi_helo = null_helo;
  description.xxfi_envfrom = null_mail;
  description.xxfi_envrcpt = null_recipient;
  description.xxfi_header = null_header;
  description.xxfi_eoh = null_end_of_headers;
  description.xxfi_body = null_body;
  description.xxfi_eom = null_end_of_message;
  description.xxfi_abort = null_abort;
  description.xxfi_close = null_close;
  description.xxfi_negotiate = null_negotiate;
  return smfi_register(description) == MI_SUCCESS;
}

int serve(const std::string& address) {
  static_cast<void>(smfi_setmaxdatasize(kMaxPacketOctets));
  if (!register_callbacks()) {
    static_cast<void>(std::fprintf(stderr, "bench_null_milter: libmilter refuses the callbacks\n"));
    return 1;
  }
  config::Socket listen;
  listen.address = address;
  if (const auto opened = milter::open_listen_socket(listen, std::nullopt); !opened) {
    static_cast<void>(std::fprintf(stderr, "bench_null_milter: %s\n", opened.error().c_str()));
    return 1;
  }
  return smfi_main() == MI_SUCCESS ? 0 : 1;
}

}  // namespace
}  // namespace assay::bench

int main(int argc, char** argv) {
  CLI::App app("A milter that does nothing, with the negotiation of assayd: the cost of libmilter itself.");
  std::string address;
  app.add_option("socket", address, "inet:PORT@HOST, inet6:PORT@HOST or unix:PATH")->required();
  CLI11_PARSE(app, argc, argv);
  return assay::bench::serve(address);
}
