#include "milter/negotiation.h"

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

namespace assay::milter {
namespace {

constexpr unsigned long kWantedActions =
    SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE | SMFIF_ADDRCPT | SMFIF_DELRCPT | SMFIF_SETSYMLIST;
constexpr unsigned long kWantedSteps = SMFIP_HDR_LEADSPC | SMFIP_SKIP | SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NR_CONN |
                                       SMFIP_NR_HELO | SMFIP_NR_DATA | SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_UNKN;

/// Otherwise Postfix sends what it is configured to send by default, which has these too.
constexpr std::array<MacroList, 4> kMacroLists{{{SMFIM_ENVFROM, "i {mail_addr} {auth_authen} {tls_version} v"},
                                                {SMFIM_ENVRCPT, "i {rcpt_addr}"},
                                                // Both: libmilter before 8.17.2 mixes up the slots of the last two.
                                                {SMFIM_EOM, "i"},
                                                {SMFIM_EOH, "i"}}};

}  // namespace

unsigned long wanted_actions() noexcept {
  return kWantedActions;
}

const std::array<MacroList, 4>& macro_lists() noexcept {
  return kMacroLists;
}

Options negotiate(const Options& offer) noexcept {
  return {offer.actions & kWantedActions, offer.steps & kWantedSteps};
}

Capabilities capabilities(const Options& agreed) noexcept {
  const auto may = [&agreed](unsigned long bits) { return (agreed.actions & bits) == bits; };
  const auto has = [&agreed](unsigned long bit) { return (agreed.steps & bit) != 0; };
  Capabilities result;
  result.can_insert_headers = may(SMFIF_ADDHDRS);
  result.can_change_headers = may(SMFIF_CHGHDRS);
  result.can_quarantine = may(SMFIF_QUARANTINE);
  result.can_redirect = may(SMFIF_ADDRCPT | SMFIF_DELRCPT);
  result.can_name_macros = may(SMFIF_SETSYMLIST);
  result.has_leading_space = has(SMFIP_HDR_LEADSPC);
  result.can_skip = has(SMFIP_SKIP);
  result.no_reply_connect = has(SMFIP_NR_CONN);
  result.no_reply_helo = has(SMFIP_NR_HELO);
  result.no_reply_header = has(SMFIP_NR_HDR);
  result.no_reply_end_of_headers = has(SMFIP_NR_EOH);
  return result;
}

}  // namespace assay::milter
