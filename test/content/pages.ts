/** Pages as the web has them, small enough to read. */

const sentence =
  "Orb weavers rebuild their webs every night, eating the old silk first, and each web is a little different.";
export const paragraph = (topic: string) => `${topic}: ${sentence} ${sentence}`;
const paragraphs = (topic: string, count: number) =>
  Array.from({ length: count }, (_, at) => `<p>${paragraph(`${topic} ${at + 1}`)}</p>`).join("\n");
const list = (name: string, count: number) =>
  `<ul>${Array.from({ length: count }, (_, at) => `<li><a href="/${name}/${at}">${name} link ${at}</a></li>`).join("")}</ul>`;

export const article = `<!doctype html><html lang="en"><head><title>Webs at night | The Spider Post</title></head><body>
<header class="site-header"><a href="/">The Spider Post</a>${list("section", 8)}</header>
<div class="cookie-consent"><p>We value your privacy, and so do our 400 partners, who read everything you do here.</p></div>
<div class="layout"><div class="column"><h1>Webs at night</h1><div class="byline">By Ada</div>
<div class="text">${paragraphs("Article", 6)}<h2>A second part</h2>${paragraphs("More", 2)}</div>
<div class="share-buttons"><a href="https://t.example">Tweet</a><a href="https://f.example">Like</a></div>
<div class="related-posts"><h3>You may also like</h3>${list("related", 5)}</div>
<div id="comments"><h3>Comments</h3><p>Reader one: I liked this, although I do not like spiders at all, honestly.</p></div></div>
<aside class="sidebar"><h3>Popular</h3>${list("popular", 9)}</aside></div>
<footer><p>Copyright The Spider Post. All rights are reserved, as they always were, and terms apply.</p></footer></body></html>`;

export const documentation = `<!doctype html><html><head><title>Install — Silk docs</title></head><body>
<div class="sphinxsidebar"><h3>Navigation</h3>${list("chapter", 20)}</div>
<div class="document"><div class="documentwrapper"><div class="body" role="main"><section id="install">
<h1>Install<a class="headerlink" href="#install">¶</a></h1><p>Install it with pip, as usual:</p>
<div class="highlight-sh"><pre>pip install silk</pre></div>
<div class="admonition note"><p class="admonition-title">Note</p><p>Version 3 needs a newer Python, see below.</p></div>
<table><tr><th>Option</th><th>Meaning</th></tr><tr><td><code>-q</code></td><td>quiet</td></tr></table>
<ul><li><a href="/guide">The guide</a></li><li><a href="/api">The API</a></li></ul>
</section></div></div></div><div class="footer">Built with something, by someone, some time ago.</div></body></html>`;

const post = (name: string) => `<div class="comment" id="c-${name}"><a class="author" href="/u/${name}">${name}</a>
<div class="comment-body"><p>${paragraph(name)}</p></div></div>`;

export const forum = `<!doctype html><html><head><title>How do webs work? - Forum</title></head><body>
<nav>${list("board", 6)}</nav><h1>How do webs work?</h1><div class="comments">
${["ann", "bob", "cid", "dan", "eve"].map(post).join("")}</div><footer>${list("legal", 4)}</footer></body></html>`;

export const listing = `<!doctype html><html><head><title>Webs - Shop</title></head><body><nav>${list("category", 10)}</nav>
<main><h1>Webs</h1><div class="grid">${Array.from(
  { length: 12 },
  (_, at) =>
    `<div class="card"><a href="/web/${at}"><h3>Web number ${at}</h3></a><span class="price">$${at}.00</span></div>`,
).join("")}</div></main><footer>${list("legal", 4)}</footer></body></html>`;
