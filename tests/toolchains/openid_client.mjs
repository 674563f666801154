// Every flow of the server by openid-client, from its metadata on. It says what a person has to do, one JSON a line,
// reads back what came of it, and at the end says what it got.
// node openid_client.mjs ISSUER REDIRECT_URI SERVICE_ID SERVICE_SECRET

import { createInterface } from "node:readline";
import * as client from "openid-client";

const [issuer, redirectUri, serviceId, serviceSecret] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (value) => console.log(JSON.stringify(value));
const answer = async (request) => {
  say(request);
  return (await lines.next()).value;
};
const options = { algorithm: "oauth2", execute: [client.allowInsecureRequests] };
const discovered = (id, metadata, authentication) =>
  client.discovery(new URL(issuer), id, metadata, authentication, options);
const refused = async (promise) => {
  try {
    await promise;
    return null;
  } catch (error) {
    return error.error ?? String(error);
  }
};

const config = await discovered("mtribes-cli", undefined, client.None());
const got = { issuer: config.serverMetadata().issuer, s256: config.serverMetadata().supportsPKCE() };

const pkceCodeVerifier = client.randomPKCECodeVerifier();
const expectedState = client.randomState();
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: redirectUri,
  scope: "spaces:read code:read",
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: "S256",
  state: expectedState,
});
const back = new URL(await answer({ open: url.href }));
const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier, expectedState });
got.code = { scope: tokens.scope, access: tokens.access_token, type: tokens.token_type };

const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
got.refreshed = { rotated: refreshed.refresh_token !== tokens.refresh_token, access: refreshed.access_token };

await client.tokenRevocation(config, refreshed.refresh_token);
got.afterRevocation = await refused(client.refreshTokenGrant(config, refreshed.refresh_token));

got.services = [];
for (const authentication of [client.ClientSecretBasic(serviceSecret), client.ClientSecretPost(serviceSecret)]) {
  const service = await discovered(serviceId, { client_secret: serviceSecret }, authentication);
  got.services.push((await client.clientCredentialsGrant(service, { scope: "spaces:read" })).access_token);
}

const device = await client.initiateDeviceAuthorization(config, { scope: "spaces:read" });
await answer({ enter: device.user_code, at: device.verification_uri, complete: device.verification_uri_complete });
const byCode = await client.pollDeviceAuthorizationGrant(config, device);
got.device = { scope: byCode.scope, access: byCode.access_token, refreshes: byCode.refresh_token !== undefined };
got.deviceTwice = await refused(client.pollDeviceAuthorizationGrant(config, device));

say({ got });
process.exit(0);
