// An identity provider: panva's oidc-provider, with the login pages that it brings. Runs until it is ended.
// TOLLGATE_PORT  where it listens     TOLLGATE_REDIRECT_URI  the only address to which it sends people back
// Whoever types an address at its login page has that address; it has verified all but those that begin with "unverified".
import { Provider } from 'oidc-provider';

const { TOLLGATE_PORT: port, TOLLGATE_REDIRECT_URI: redirectUri } = process.env;
const provider = new Provider(`http://localhost:${port}`, {
  clients: [{ client_id: 'tollgate', client_secret: 'a secret with / and +', redirect_uris: [redirectUri] }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  findAccount: (_, accountId) => ({
    accountId,
    claims: () => ({ sub: accountId, email: accountId, email_verified: !accountId.startsWith('unverified') }),
  }),
});
provider.listen(port, '127.0.0.1', () => console.log('ready'));
