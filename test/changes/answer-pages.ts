import type { AnswerKind } from "../../src/changes/answer.ts";

/** Pages of our own, in the form that those have that stand in for others, and of some that only look like them. */
export type AnswerPage = { name: string; html: string; is: AnswerKind };

const page = (title: string, body: string) =>
  `<!doctype html><html><head><title>${title}</title></head><body>${body}</body></html>`;
const menu = `<nav><a href="/">Home</a> <a href="/shop">Shop</a> <a href="/about">About us</a></nav>`;
const footer = `<footer><p>© 2026 Acme Ltd. <a href="/privacy">Privacy</a> <a href="/terms">Terms</a></p></footer>`;
const framed = (title: string, main: string) => page(title, `${menu}<main>${main}</main>${footer}`);

const walls: [string, string][] = [
  [
    "Cloudflare, managed challenge",
    page(
      "Just a moment...",
      `<div class="main-wrapper"><noscript><div class="h2"><span id="challenge-error-text">Enable JavaScript and cookies to continue</span></div></noscript></div><script>window._cf_chl_opt={}</script>`,
    ),
  ],
  [
    "Cloudflare, older challenge",
    page(
      "Just a moment...",
      `<h1>example.com</h1><h2>Checking if the site connection is secure</h2><p>example.com needs to review the security of your connection before proceeding.</p><p>Ray ID: 7d1</p><p>Performance &amp; security by Cloudflare</p>`,
    ),
  ],
  [
    "Cloudflare, block",
    page(
      "Attention Required! | Cloudflare",
      `<h1>Sorry, you have been blocked</h1><h2>You are unable to access example.com</h2><h2>Why have I been blocked?</h2><p>This website is using a security service to protect itself from online attacks. The action you just performed triggered the security solution. There are several actions that could trigger this block including submitting a certain word or phrase, a SQL command or malformed data.</p><h2>What can I do to resolve this?</h2><p>You can email the site owner to let them know you were blocked.</p><p>Cloudflare Ray ID: 8a • Your IP: 192.0.2.1 • Performance &amp; security by Cloudflare</p>`,
    ),
  ],
  [
    "Cloudflare, German",
    page("Nur einen Moment…", `<p>Bitte aktivieren Sie JavaScript und Cookies, um fortzufahren</p>`),
  ],
  [
    "Cloudflare, before",
    page(
      "example.com",
      `<h1>Checking your browser before accessing example.com.</h1><p>This process is automatic. Your browser will redirect to your requested content shortly.</p><p>DDoS protection by Cloudflare</p>`,
    ),
  ],
  [
    "DataDome",
    page("shop.example", `<p id="cmsg">Please enable JS and disable any ad blocker</p><script>var dd={}</script>`),
  ],
  [
    "HUMAN (PerimeterX)",
    page(
      "Access to this page has been denied",
      `<h1>Access to this page has been denied because we believe you are using automation tools to browse the website.</h1><p>This may happen as a result of the following: Javascript is disabled or blocked by an extension. Your browser does not support cookies.</p><p>Reference ID: #1d</p>`,
    ),
  ],
  [
    "HUMAN, press and hold",
    page("shop.example", `<p>Press &amp; Hold to confirm you are a human (and not a bot).</p>`),
  ],
  [
    "Akamai",
    page(
      "Access Denied",
      `<h1>Access Denied</h1>You don't have permission to access "http://www.example.com/" on this server.<p>Reference #18.2d351ab8.1557333295.a4e16ab</p><p>https://errors.edgesuite.net/18.2d351ab8</p>`,
    ),
  ],
  [
    "Imperva",
    page(
      "",
      `<iframe src="/_Incapsula_Resource"></iframe><p>Request unsuccessful. Incapsula incident ID: 877000-1</p>`,
    ),
  ],
  [
    "Imperva, interruption",
    page(
      "Pardon Our Interruption",
      `<h1>Pardon Our Interruption</h1><p>As you were browsing something about your browser made us think you were a bot. There are a few reasons this might happen: You're a power user moving through this website with super-human speed. You've disabled cookies in your web browser.</p>`,
    ),
  ],
  [
    "AWS WAF",
    page(
      "Human Verification",
      `<noscript><h1>JavaScript is disabled</h1>In order to continue, we need to verify that you're not a robot. This requires JavaScript. Enable JavaScript and then reload the page.</noscript>`,
    ),
  ],
  [
    "Sucuri",
    page(
      "Sucuri WebSite Firewall - Access Denied",
      `<h1>Access Denied - Sucuri Website Firewall</h1><p>If you are the site owner (or you manage this site), please whitelist your IP.</p><p>Block reason: Access from your Country was disabled by the administrator.</p>`,
    ),
  ],
  [
    "Sucuri, script",
    page(
      "You are being redirected...",
      `<noscript>Javascript is required. Please enable javascript before you are allowed to see this page.</noscript>`,
    ),
  ],
  [
    "Google",
    page(
      "https://www.example.com/search",
      `<p>Our systems have detected unusual traffic from your computer network. This page checks to see if it's really you sending the requests, and not a robot.</p><p>IP address: 192.0.2.1</p>`,
    ),
  ],
  [
    "Amazon",
    page(
      "Robot Check",
      `<h4>Enter the characters you see below</h4><p>Sorry, we just need to make sure you're not a robot.</p>`,
    ),
  ],
  [
    "hCaptcha",
    page("example.com", `<h1>One more step</h1><p>Please complete the security check to access example.com</p>`),
  ],
  [
    "F5",
    page(
      "Request Rejected",
      `The requested URL was rejected. Please consult with your administrator.<br><br>Your support ID is: 178<br>`,
    ),
  ],
  [
    "DDoS-Guard",
    page("DDoS-Guard", `<h1>Checking your browser before accessing example.com</h1><p>Please wait a few seconds.</p>`),
  ],
  [
    "Vercel",
    page("Vercel Security Checkpoint", `<p>We're verifying your browser</p><p>Website owner? Click here to fix</p>`),
  ],
  ["Yandex", page("Вы не робот?", `<p>Подтвердите, что запросы отправляли вы, а не робот</p>`)],
  [
    "Anubis",
    page(
      "Making sure you're not a bot!",
      `<h1>Making sure you're not a bot!</h1><p>Loading...</p><p>Protected by Anubis</p>`,
    ),
  ],
];

const missing: [string, string][] = [
  [
    "WordPress",
    framed(
      "Page not found – Acme",
      `<h1>Oops! That page can’t be found.</h1><p>It looks like nothing was found at this location. Maybe try a search?</p>`,
    ),
  ],
  [
    "Shopify",
    framed(
      "404 Not Found – Acme",
      `<h1>404 Page Not Found</h1><p>The page you requested does not exist. Click here to continue shopping.</p>`,
    ),
  ],
  ["a number alone", page("404", `<h1>404</h1><p>Back</p>`)],
  ["gone", framed("Gone | Acme", `<h1>410 Gone</h1><p>This offer is over.</p>`)],
  ["without a title", page("", `<h1>Page not found</h1><p>Go to the start page.</p>`)],
  ["nginx", page("404 Not Found", `<center><h1>404 Not Found</h1></center><hr><center>nginx</center>`)],
  [
    "German",
    framed("Seite nicht gefunden | Beispiel GmbH", `<h1>Fehler 404</h1><p>Die gesuchte Seite gibt es nicht.</p>`),
  ],
  ["French", framed("Page introuvable - Exemple", `<h1>Oups !</h1><p>La page que vous recherchez n'existe pas.</p>`)],
  ["Spanish", framed("Página no encontrada | Ejemplo", `<h1>Error 404</h1><p>La página que buscas no existe.</p>`)],
  ["Portuguese", framed("Exemplo", `<h1>Página não encontrada</h1><p>A página que você procura não existe.</p>`)],
  ["Italian", framed("Pagina non trovata - Esempio", `<h1>404</h1><p>La pagina richiesta non esiste.</p>`)],
  ["Dutch", framed("Pagina niet gevonden | Voorbeeld", `<p>De pagina die u zoekt bestaat niet.</p>`)],
  ["Swedish", framed("Sidan hittades inte", `<h1>Sidan hittades inte</h1><p>Sidan du söker finns inte.</p>`)],
  ["Polish", framed("Nie znaleziono strony – Przykład", `<p>Strona, której szukasz, nie istnieje.</p>`)],
  ["Czech", framed("Stránka nenalezena", `<h1>404</h1><p>Požadovaná stránka neexistuje.</p>`)],
  [
    "Russian",
    framed("Страница не найдена — Пример", `<h1>Ошибка 404</h1><p>Запрашиваемая страница не существует.</p>`),
  ],
  ["Turkish", framed("Sayfa bulunamadı", `<p>Aradığınız sayfa bulunamadı.</p>`)],
  [
    "Japanese",
    framed("お探しのページは見つかりませんでした | 例", `<p>お探しのページは移動または削除されました。</p>`),
  ],
  ["Chinese", framed("404 页面不存在", `<p>您访问的页面不存在</p>`)],
  ["Korean", framed("페이지를 찾을 수 없습니다", `<p>요청하신 페이지를 찾을 수 없습니다.</p>`)],
  ["Arabic", framed("الصفحة غير موجودة", `<h1>404</h1><p>الصفحة التي تبحث عنها غير موجودة.</p>`)],
  ["a database that is away", page("Database Error", `<h1>Error establishing a database connection</h1>`)],
  [
    "WordPress that is being renewed",
    page("Maintenance", `Briefly unavailable for scheduled maintenance. Check back in a minute.`),
  ],
  [
    "maintenance",
    page(
      "Acme",
      `<h1>We'll be back soon!</h1><p>Sorry for the inconvenience. We're performing some maintenance at the moment.</p>`,
    ),
  ],
  ["German maintenance", page("Wartungsarbeiten", `<h1>Wartungsarbeiten</h1><p>Wir sind bald wieder für Sie da.</p>`)],
  ["under construction", page("example.com", `<h1>This site is under construction</h1>`)],
];

const logins: [string, string][] = [
  [
    "a form",
    page(
      "Sign in · Acme",
      `<h1>Sign in</h1><form><label>E-mail<input></label><label>Password<input type=password></label><button>Sign in</button></form><a>Forgot your password?</a>`,
    ),
  ],
  [
    "to a product",
    page(
      "Log in to Acme",
      `<form><label>User name<input></label><label>Password<input></label></form><p>Don't have an account? Sign up</p>`,
    ),
  ],
  ["a note alone", framed("Members | Acme", `<p>You must be logged in to view this page.</p>`)],
  ["Drupal", framed("Access | Acme", `<h1>Members</h1><p>You are not authorized to access this page.</p>`)],
  [
    "German",
    page(
      "Anmelden | Beispiel",
      `<h1>Anmelden</h1><label>Benutzername</label><label>Passwort</label><p>Angemeldet bleiben</p>`,
    ),
  ],
  ["French", page("Connexion - Exemple", `<h1>Connexion</h1><label>Adresse</label><label>Mot de passe</label>`)],
  ["Spanish", page("Iniciar sesión", `<h1>Iniciar sesión</h1><label>Correo</label><label>Contraseña</label>`)],
  ["Russian", page("Вход — Пример", `<h1>Вход</h1><label>Логин</label><label>Пароль</label>`)],
  ["Japanese", page("ログイン | 例", `<h1>ログイン</h1><label>メールアドレス</label><label>パスワード</label>`)],
];

const paragraph =
  "The request passes a number of checks before it reaches the server, and each of them may answer in its place. What the visitor sees then depends on the maker, on the plan that was bought and on how the owner has set it up. ";

const contents: [string, string][] = [
  [
    "an article about Cloudflare",
    framed(
      "What does “Checking your browser before accessing” mean?",
      `<article><h1>What does “Checking your browser before accessing” mean?</h1><p>It is a page of Cloudflare's: enable JavaScript and cookies to continue, it says. ${paragraph.repeat(2)}</p></article>`,
    ),
  ],
  [
    "a long article of that name",
    framed("Just a moment", `<article><h1>Just a moment</h1><p>${paragraph.repeat(12)}</p></article>`),
  ],
  [
    "how to fix error 404",
    framed(
      "How to fix error 404",
      `<article><h1>How to fix error 404</h1><p>The page you are looking for may have been moved. Check the address, and clear the cache.</p></article>`,
    ),
  ],
  [
    "what a status means",
    framed(
      "404 Not Found - HTTP reference",
      `<article><h1>404 Not Found</h1><p>The HTTP 404 Not Found client error response status code indicates that the server cannot find the requested resource. Links that lead to a 404 page are often called broken or dead links and can be subject to link rot. A 404 status code only indicates that the resource is missing without indicating if this is temporary or permanent.</p><pre><code>HTTP/1.1 404 Not Found</code></pre></article>`,
    ),
  ],
  [
    "a long list of statuses",
    framed("410 Gone | Wiki", `<article><h1>410 Gone</h1><p>${paragraph.repeat(8)}</p></article>`),
  ],
  [
    "a reference of sign-ins",
    framed(
      "Sign in with OAuth | Docs",
      `<h1>Sign in with OAuth</h1><p>Register an application, then send the user to the authorization endpoint with your client id. The password never leaves the provider.</p>`,
    ),
  ],
  [
    "help about signing in",
    framed(
      "Sign in to Acme from the command line",
      `<h1>Sign in to Acme from the command line</h1><p>Run acme login and enter your password.</p>`,
    ),
  ],
  ["a short page", framed("Opening hours | Acme", `<h1>Opening hours</h1><p>Monday to Friday, nine to five.</p>`)],
  [
    "a notice of maintenance",
    framed(
      "Scheduled maintenance on 3 May | Status",
      `<article><h1>Scheduled maintenance on 3 May</h1><p>On 3 May between 02:00 and 04:00 UTC the databases of the region will be renewed. Requests may take longer. ${paragraph}</p></article>`,
    ),
  ],
  [
    "a car",
    framed(
      "Peugeot 404 – Cars",
      `<h1>Peugeot 404</h1><p>The Peugeot 404 was built from 1960 to 1975 and designed by Pininfarina.</p>`,
    ),
  ],
  [
    "a product that was found",
    framed("Lost & Found box", `<h1>Lost &amp; Found box</h1><p>Oak, with a lid. 24 cm.</p>`),
  ],
  ["a search without results", framed("Search | Acme", `<h1>Search results</h1><p>Nothing matches xyz.</p>`)],
  [
    "an access rule",
    framed(
      "Access control",
      `<h1>Access control</h1><p>Access denied is what users see who lack a role. Roles are given by administrators.</p>`,
    ),
  ],
  [
    "a captcha maker's product",
    framed(
      "Captcha for everybody | Acme",
      `<h1>A captcha for everybody</h1><p>Please verify you are a human: nobody likes to read that. ${paragraph.repeat(2)}</p>`,
    ),
  ],
  ["an album", framed("Be Right Here – Band", `<h1>Be Right Here</h1><p>The second album has ten songs.</p>`)],
];

const moreContents: [string, string][] = [
  [
    "a firm that maintains",
    framed(
      "Mantenimiento | Ejemplo",
      `<h1>Servicios</h1><p>Especialistas en mantenimiento industrial. Llámenos hoy mismo para pedir un presupuesto sin compromiso y le atenderemos.</p>`,
    ),
  ],
  [
    "a firm that builds",
    framed("Projekte | Beispiel", `<h1>Projekte</h1><p>Unsere Häuser im Aufbau, Wartungsarbeiten und Umbauten.</p>`),
  ],
  ["a song", framed("Gone | Band", `<h1>Gone</h1><p>From the second album, three minutes.</p>`)],
  [
    "a product with reviews",
    framed("Oak box | Acme", `<h1>Oak box</h1><p>24 cm, with a lid.</p><p>You must be logged in to post a review.</p>`),
  ],
  [
    "an introduction in Turkish",
    framed("Giriş | Kılavuz", `<h1>Giriş</h1><p>Bu kılavuz programın nasıl kurulduğunu anlatır.</p>`),
  ],
  [
    "a registration",
    framed("Anmeldung | Lauf", `<h1>Anmeldung</h1><p>Zum Lauf meldet man sich bis zum 3. Mai an.</p>`),
  ],
  [
    "help about rights",
    framed(
      "Shared folders | Help",
      `<h1>Shared folders</h1><p>If you don't have permission to access a folder, its owner can add you: open the folder's settings, choose people, and enter the address of whoever is to see it from then on.</p>`,
    ),
  ],
];

const empties: [string, string][] = [
  ["no text", page("Acme", `<div id="root"></div><script src="/app.js"></script>`)],
  ["one word", page("Acme", `<p>Loading</p>`)],
];

const all = (list: [string, string][], is: AnswerKind) => list.map(([name, html]): AnswerPage => ({ name, html, is }));

export const answerPages: AnswerPage[] = [
  ...all(walls, "bot_wall"),
  ...all(missing, "soft_404"),
  ...all(logins, "login_page"),
  ...all([...contents, ...moreContents], "content"),
  ...all(empties, "empty_page"),
];
