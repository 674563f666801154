export default {
  mode: "production",
  target: "node20",
  entry: "./main.ts",
  experiments: { outputModule: true },
  output: {
    path: import.meta.dirname,
    filename: "webpacked.mjs",
    module: true,
  },
  resolve: {
    extensions: [".ts", ".js"],
    extensionAlias: { ".js": [".ts", ".js"] },
  },
  module: { rules: [{ test: /\.ts$/, loader: "ts-loader" }] },
};
