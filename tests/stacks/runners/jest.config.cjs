module.exports = {
  testMatch: ["**/*.jest.ts"],
  transform: {
    "\\.ts$": [
      "babel-jest",
      {
        presets: ["@babel/preset-typescript"],
        plugins: ["@babel/plugin-transform-modules-commonjs"],
      },
    ],
  },
};
