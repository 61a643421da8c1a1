/** Who may remove things for good, and set policies: whoever knows the secret TIDEMARK_ADMIN_TOKEN. Without one nobody may. */
import { MlflowError } from "../wire/errors";

/** Errors: 403 where the server has no such secret, 401 for a request without it. */
export async function checkAdministrator(request: Request, secret: string | undefined): Promise<void> {
  if (!secret) {
    throw new MlflowError(
      "PERMISSION_DENIED",
      "This server has no administrator: give it a secret named TIDEMARK_ADMIN_TOKEN to use this call.",
    );
  }
  const [, token = ""] = /^Bearer +(\S+)\s*$/i.exec(request.headers.get("Authorization") ?? "") ?? [];
  // Hashes are of one length, which the comparison wants, and which says nothing about the secret's.
  if (!crypto.subtle.timingSafeEqual(await hash(token), await hash(secret))) {
    throw new MlflowError(
      "UNAUTHENTICATED",
      "This call is the administrator's: it needs the header Authorization: Bearer, with the TIDEMARK_ADMIN_TOKEN that the " +
        "server was started with.",
      { headers: { "WWW-Authenticate": 'Bearer realm="tidemark administrator"' } },
    );
  }
}

const hash = (text: string): Promise<ArrayBuffer> => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
