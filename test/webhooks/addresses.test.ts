/** Which addresses deliveries may go to. */
import { describe, expect, it } from "vitest";
import { checkAddress, privateReason } from "../../src/webhooks/addresses";

const hosts = (urls: string[]) => urls.map((url) => [url, new URL(url).hostname] as const);

describe("addresses of webhooks", () => {
  it.each(
    hosts([
      "https://127.0.0.1/",
      "https://127.1/",
      "https://2130706433/",
      "https://0x7f000001/",
      "https://0x7f.1/",
      "https://0177.0.0.1/",
      "https://127.0.0.1./",
      "https://①②⑦.⓪.⓪.①/",
      "https://0.0.0.0/",
      "https://10.1.2.3/",
      "https://100.64.0.1/",
      "https://100.127.255.255/",
      "https://169.254.169.254/",
      "https://172.16.0.1/",
      "https://172.31.255.255/",
      "https://192.168.1.1/",
      "https://198.19.0.1/",
      "https://224.0.0.1/",
      "https://255.255.255.255/",
      "https://[::1]/",
      "https://[::]/",
      "https://[::ffff:127.0.0.1]/",
      "https://[::ffff:7f00:1]/",
      "https://[::127.0.0.1]/",
      "https://[64:ff9b::7f00:1]/",
      "https://[2002:7f00:1::]/",
      "https://[2001:0:1::1]/",
      "https://[2001:db8::1]/",
      "https://[fc00::1]/",
      "https://[fd12:3456::1]/",
      "https://[fe80::1]/",
      "https://[fec0::1]/",
      "https://[ff02::1]/",
      "https://localhost/",
      "https://LOCALHOST./",
      "https://a.localhost/",
      "https://printer.local/",
      "https://metadata.google.internal/",
      "https://router.home.arpa/",
      "https://intranet/",
    ]),
  )("%s is private", (_, host) => {
    expect(privateReason(host)).toBeDefined();
  });

  it.each(
    hosts([
      "https://example.com/",
      "https://8.8.8.8/",
      "https://100.63.255.255/",
      "https://100.128.0.1/",
      "https://172.32.0.1/",
      "https://192.167.1.1/",
      "https://[2606:4700::1111]/",
      "https://[2001:4860:4860::8888]/",
      "https://localhost.example.com/",
      "https://10.example.com/",
    ]),
  )("%s is public", (_, host) => {
    expect(privateReason(host)).toBeUndefined();
  });

  it.each([
    ["", "Webhook URL cannot be empty or just whitespace: ''"],
    ["  ", "Webhook URL cannot be empty or just whitespace: '  '"],
    ["notaurl", "Invalid webhook URL scheme: ''. Allowed schemes are: https."],
    ["http://example.com", "Invalid webhook URL scheme: 'http'. Allowed schemes are: https."],
    ["FTP://example.com", "Invalid webhook URL scheme: 'ftp'. Allowed schemes are: https."],
    ["https://", "Webhook URL must include a hostname: 'https://'"],
    ["https:///path", "Webhook URL must include a hostname: 'https:///path'"],
    ["https:example.com", "Webhook URL must include a hostname: 'https:example.com'"],
    ["https://exa mple.com/", "Invalid webhook URL 'https://exa mple.com/'"],
    [
      "https://127.0.0.1/x",
      "Webhook URL must not resolve to a non-public IP address. '127.0.0.1' resolves to 127.0.0.1.",
    ],
    [
      "https://localhost/x",
      "Webhook URL must not resolve to a non-public IP address. 'localhost' resolves to 127.0.0.1.",
    ],
  ])("refuses %j", (url, message) => {
    expect(() => checkAddress(url, false)).toThrow(message);
  });

  it("lets http and private addresses through where that is wanted", () => {
    for (const url of ["http://localhost:9/x", "https://10.0.0.1/x", "http://[::1]/"]) checkAddress(url, true);
    expect(() => checkAddress("ftp://10.0.0.1/", true)).toThrow("Allowed schemes are: https, http.");
  });
});
