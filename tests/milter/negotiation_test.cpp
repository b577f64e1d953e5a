#include "milter/negotiation.h"

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

#include "tests/support/catch.h"

using assay::milter::capabilities;
using assay::milter::negotiate;

namespace {

constexpr unsigned long kAll = 0x1FFFFFUL;

}  // namespace

TEST_CASE("milter/negotiation: every no-reply step is agreed but MAIL, RCPT and BODY", "[milter]") {
  const auto agreed = negotiate({kAll, kAll});
  for (const long step : {SMFIP_NR_CONN, SMFIP_NR_HELO, SMFIP_NR_DATA, SMFIP_NR_HDR, SMFIP_NR_EOH, SMFIP_NR_UNKN}) {
    CHECK((agreed.steps & static_cast<unsigned long>(step)) != 0);
  }
  for (const long step : {SMFIP_NR_MAIL, SMFIP_NR_RCPT, SMFIP_NR_BODY, SMFIP_RCPT_REJ, SMFIP_NOBODY, SMFIP_NOHDRS}) {
    CHECK((agreed.steps & static_cast<unsigned long>(step)) == 0);
  }
  CHECK((agreed.steps & SMFIP_HDR_LEADSPC) != 0);
  CHECK((agreed.steps & SMFIP_SKIP) != 0);
}

TEST_CASE("milter/negotiation: all actions that a reload may need are asked for, and no other", "[milter]") {
  const auto agreed = negotiate({kAll, kAll});
  CHECK(agreed.actions ==
        (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE | SMFIF_ADDRCPT | SMFIF_DELRCPT | SMFIF_SETSYMLIST));
}

TEST_CASE("milter/negotiation: nothing is asked for that the MTA does not offer", "[milter]") {
  const auto bare = negotiate({SMFIF_ADDHDRS, 0});
  CHECK(bare.actions == SMFIF_ADDHDRS);
  CHECK(bare.steps == 0);
  const auto can = capabilities(bare);
  CHECK(can.can_insert_headers);
  CHECK_FALSE(can.can_change_headers);
  CHECK_FALSE(can.can_quarantine);
  CHECK_FALSE(can.can_redirect);
  CHECK_FALSE(can.can_skip);
  CHECK_FALSE(can.has_leading_space);
  CHECK_FALSE(can.no_reply_header);
}

TEST_CASE("milter/negotiation: a redirection needs both recipient actions", "[milter]") {
  CHECK_FALSE(capabilities({SMFIF_ADDRCPT, 0}).can_redirect);
  CHECK_FALSE(capabilities({SMFIF_DELRCPT, 0}).can_redirect);
  CHECK(capabilities({SMFIF_ADDRCPT | SMFIF_DELRCPT, 0}).can_redirect);
}
