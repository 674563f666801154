// Reads flags by npm's server provider. Takes {baseUrl, key, asked: [{context, flags: [[key, kind, default]]}]}; tells
// what came of each flag, one line of JSON for each that is asked for.

import { OpenFeature } from "@openfeature/server-sdk";
import { OFREPProvider } from "@openfeature/ofrep-provider";

const READ = {
  boolean: "getBooleanDetails",
  string: "getStringDetails",
  number: "getNumberDetails",
  object: "getObjectDetails",
};
const { baseUrl, key, asked } = JSON.parse(process.argv[2]);
await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl, headers: [["X-API-Key", key]] }));
const client = OpenFeature.getClient();
for (const { context, flags } of asked) {
  const told = {};
  for (const [flag, kind, otherwise] of flags) {
    const { value, reason, variant, errorCode, errorMessage } = await client[READ[kind]](flag, otherwise, context);
    told[flag] = { value, reason, variant, errorCode, errorMessage };
  }
  console.log(JSON.stringify(told));
}
