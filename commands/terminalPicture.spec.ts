import assert from "node:assert/strict";
import { terminalPage } from "./terminalPicture";

describe("terminalPage", () => {
  it("shows what was typed and what was printed, as text, without colours", () => {
    const page = terminalPage([
      { command: "echo a && echo '<b>'", output: "\u001b[32ma\u001b[0m\n<b>\n" },
      { command: "true", output: "" },
    ]);
    assert.match(page, /<b>\$ echo a &amp;&amp; echo '&lt;b&gt;'<\/b>\na\n&lt;b&gt;\n<b>\$ true<\/b>\n<\/pre>/);
  });
});
