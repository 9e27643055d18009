-- The fields that a browser sends with a page of a site where somebody is logged in: a kilobyte.
local fields = {
  ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
  ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
  ["Accept-Encoding"] = "gzip, deflate, br, zstd",
  ["Accept-Language"] = "en-GB,en;q=0.9,de;q=0.8",
  ["Cache-Control"] = "max-age=0",
  ["Connection"] = "keep-alive",
  ["Cookie"] = "session=5f3b2a1c9d8e7f60514233241506f7e8; theme=dark; consent=2026-01-02T03:04:05Z; last=%2Fropes%2Fhemp",
  ["Referer"] = "http://rope.example/ropes/hemp?length=7",
  ["Sec-Ch-Ua"] = '"Chromium";v="126", "Not/A)Brand";v="8"',
  ["Sec-Ch-Ua-Mobile"] = "?0",
  ["Sec-Ch-Ua-Platform"] = '"Linux"',
  ["Sec-Fetch-Dest"] = "document",
  ["Sec-Fetch-Mode"] = "navigate",
  ["Sec-Fetch-Site"] = "same-origin",
  ["Sec-Fetch-User"] = "?1",
  ["Upgrade-Insecure-Requests"] = "1",
}
for name, value in pairs(fields) do wrk.headers[name] = value end
