#include "verify/crypto/library_version.h"

#include <openssl/crypto.h>
#include <openssl/opensslv.h>

namespace assay::crypto {

LibraryVersion library_version() {
  return {"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING), OPENSSL_FULL_VERSION_STR};
}

}  // namespace assay::crypto
