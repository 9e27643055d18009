/** What a server gives for an address that leads nowhere. It may be shown below any path, so it needs no other file. */
export function notFound(): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Nothing here · Ropewalk</title>
<link rel="icon" href="data:,">
<style>
body { font: 1.125rem/1.6 system-ui, sans-serif; max-width: 34rem; margin: 20vh auto 0; padding: 0 1.5rem }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -0.015em }
a { color: inherit }
</style>
</head>
<body>
<main>
<h1>There is nothing at this address</h1>
<p>The page may have moved. Start again from the <a href="./index.html">front page</a>, or search there: press /.</p>
</main>
</body>
</html>
`;
}
