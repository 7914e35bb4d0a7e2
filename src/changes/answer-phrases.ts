import { simplify } from "./answer-text.ts";

/** Told apart by `|` and line ends, and written as the texts are that they are looked for in. */
const phrases = (text: string): string[] =>
  text
    .split(/[|\n]/)
    .map(simplify)
    .filter((phrase) => phrase !== "");

/** Titles and headings of pages that stand before others until a visitor is shown to be none of the bots. */
const wallNames = new Set(
  phrases(`
  Just a moment | Attention Required! Cloudflare | Attention Required! | Sorry, you have been blocked
  You have been blocked | Access denied | Access to this page has been denied
  Access to this page has been denied because we believe you are using automation tools to browse the website
  Pardon Our Interruption | Robot Check | Bot Check | Bot Verification
  Human Verification | Security Check | Security Verification | Security Checkpoint | Vercel Security Checkpoint
  Verify you are human | Verifying you are human | Please verify you are a human | Are you a robot?
  Are you human? | Are you a human? | You are being redirected... | Checking your browser
  Checking your browser before accessing | Client Challenge | Challenge Validation | DDoS-Guard | DDOS-GUARD
  StackPath | Sucuri WebSite Firewall | Sucuri WebSite Firewall - Access Denied | Radware Bot Manager Captcha
  Radware Captcha Page | Request Rejected | Request unsuccessful | Making sure you're not a bot! | Captcha
  hCaptcha | reCAPTCHA | Einen Moment bitte | Nur einen Moment | Un instant | Un momento | Un momento por favor
  Um momento | Een moment geduld | Один момент | Bir dakika lütfen | Chwileczkę | しばらくお待ちください | 请稍候 | 請稍候
  잠시만 기다리십시오 | 验证码 | 安全验证 | セキュリティチェック | Sicherheitsüberprüfung | Вы не робот?
  Подтвердите, что запросы отправляли вы, а не робот
`),
);

/** What such pages say; no page says two of these in its first lines unless it is one, or explains them. */
export const wallPhrases = phrases(`
  Enable JavaScript and cookies to continue | Checking your browser before accessing
  Checking if the site connection is secure | needs to review the security of your connection
  Verify you are human by completing the action below | Verifying you are human. This may take a few seconds
  Verification successful. Waiting for | Performance & security by Cloudflare
  Performance and security by Cloudflare | Cloudflare Ray ID
  Your browser will redirect to your requested content shortly
  This website is using a security service to protect itself from online attacks
  uses a security service to protect against malicious bots
  The action you just performed triggered the security solution | Please complete the security check to access
  Completing the CAPTCHA proves you are a human | Please enable JS and disable any ad blocker
  Press & Hold to confirm you are | we believe you are using automation tools to browse the website
  blocked because we believe you are using automation | something about your browser made us think you were a bot
  made us think that you are a bot | Please verify you are a human | Please verify that you are not a robot
  verify that you're not a robot | make sure you're not a robot | Making sure you're not a bot
  confirm you are not a robot | confirm that you are not a robot | prove you are not a robot
  Incapsula incident ID | Request unsuccessful. Incapsula | Sucuri WebSite Firewall | Sucuri CloudProxy
  You are being redirected. Javascript is required | Your request was blocked by our security
  The requested URL was rejected. Please consult with your administrator | Your support ID is
  Our systems have detected unusual traffic from your computer network
  unusual traffic from your computer network | Enter the characters you see below
  you don't have permission to access | errors edgesuite net | Please stand by, while we are checking your browser
  We're verifying your browser | Vercel Security Checkpoint | Website owner? Click here to fix
  Protected by Anubis | has set up Anubis to protect | A required part of this site couldn't load
  Bitte aktivieren Sie JavaScript und Cookies | Veuillez activer JavaScript et les cookies pour continuer
  Habilite JavaScript y cookies para continuar | Ваш браузер будет перенаправлен
  Нам очень жаль, но запросы с вашего устройства похожи на автоматические | JavaScript と Cookie を有効にして続行してください
  启用 JavaScript 和 Cookie 以继续 | DDoS protection by Cloudflare
`);

/** Words that say nothing beside a name of an error. */
const noise = new Set(
  phrases(`
  error | errors | http | status | code | oops | ooops | whoops | uh | oh | oh no | no | sorry | ups | uups
  hoppla | fehler | erreur | errore | erro | ошибка | помилка | błąd | hata | fout | fel | feil | fejl | virhe
  chyba | hiba | eroare | σφάλμα | エラー | 오류 | 错误 | 錯誤 | خطأ | שגיאה | lỗi | kesalahan | the | this | that | we're
  we are | www
`).flatMap((phrase) => phrase.split(" ")),
);

/** Names of pages that say that another is not there, when nothing else is said but an error's number. */
const missingNames = new Set(
  phrases(`
  not found | page not found | file not found | resource not found | document not found | content not found
  url not found | object not found | article not found | product not found | post not found | page missing
  missing page | page gone | page unavailable | page not available | page is not available | page does not exist
  page doesn't exist | page no longer exists | page not exist | page cannot be found | page can't be found
  page can not be found | page could not be found | page was not found | page is not found | page isn't available
  page has been removed | page removed | page deleted | requested page not found | requested url was not found
  requested page could not be found | couldn't find page | could not find page | can't find page
  we couldn't find page | we could not find page | we can't find page | we couldn't find that page
  seite nicht gefunden | nicht gefunden | seite existiert nicht | diese seite existiert nicht
  die seite wurde nicht gefunden | seite wurde nicht gefunden | die seite konnte nicht gefunden werden
  seite konnte nicht gefunden werden | seite nicht vorhanden | seite nicht verfügbar | datei nicht gefunden
  page non trouvée | page introuvable | page inexistante | page inconnue | cette page n'existe pas
  cette page n'existe plus | la page n'existe pas | cette page est introuvable | non trouvé | página no encontrada
  no encontrado | no se encontró la página | no se ha encontrado la página | página no existe
  la página no existe | esta página no existe | página inexistente | página não encontrada | não encontrado
  página não existe | esta página não existe | pagina non trovata | pagina inesistente | la pagina non esiste
  questa pagina non esiste | non trovato | pàgina no trobada | no s'ha trobat la pàgina | páxina non atopada
  pagina niet gevonden | niet gevonden | deze pagina bestaat niet | pagina bestaat niet | sidan hittades inte
  sidan kunde inte hittas | sidan finns inte | siden blev ikke fundet | siden findes ikke | siden ble ikke funnet
  siden finnes ikke | fant ikke siden | sivua ei löydy | sivua ei löytynyt | sivua ei ole | strona nie znaleziona
  nie znaleziono strony | nie znaleziono | strona nie istnieje | nie ma takiej strony | stránka nenalezena
  stránka nebyla nalezena | stránka neexistuje | stránka nenájdená | stránka nebola nájdená
  az oldal nem található | oldal nem található | a keresett oldal nem található | pagina nu a fost găsită
  pagina nu a fost gasita | pagina nu există | страница не найдена | страница не существует | страница удалена
  такой страницы нет | сторінку не знайдено | сторінка не знайдена | страницата не е намерена
  страница није пронађена | stranica nije pronađena | stran ni bila najdena | puslapis nerastas | lapa nav atrasta
  lehekülge ei leitud | η σελίδα δεν βρέθηκε | δεν βρέθηκε | sayfa bulunamadı | böyle bir sayfa yok
  halaman tidak ditemukan | không tìm thấy trang | trang không tồn tại | ไม่พบหน้า | ไม่พบหน้านี้
  ไม่พบหน้าที่คุณต้องการ | पृष्ठ नहीं मिला | पेज नहीं मिला | الصفحة غير موجودة | لم يتم العثور على الصفحة
  العمود غير موجود | הדף לא נמצא | העמוד לא נמצא | صفحه یافت نشد | صفحه پیدا نشد | ページが見つかりません | ページが見つかりませんでした
  お探しのページは見つかりません | お探しのページは見つかりませんでした | お探しのページが見つかりません | お探しのページが見つかりませんでした | ページが存在しません | 指定されたページは存在しません
  ファイルが見つかりません | 页面未找到 | 找不到页面 | 页面不存在 | 页面没有找到 | 您访问的页面不存在 | 你访问的页面不存在 | 未找到页面 | 無法找到頁面 | 找不到頁面 | 找不到網頁 | 頁面不存在
  페이지를 찾을 수 없습니다 | 페이지를 찾을 수 없음 | 존재하지 않는 페이지입니다 | 요청하신 페이지를 찾을 수 없습니다
`),
);

/** What such pages say to whoever looked for another. */
export const missingPhrases = phrases(`
  page you were looking for | page you are looking for | page you're looking for | page you requested
  page you have requested | page that you requested | page you are trying to | page you were trying to
  requested page could not be found | requested page was not found | requested URL was not found
  page can't be found | page cannot be found | page could not be found | page couldn't be found
  page was not found | page does not exist | page doesn't exist | page no longer exists | page has been removed
  page has been deleted | page may have been moved | page might have been removed | can't find the page
  couldn't find the page | could not find the page | couldn't find that page | couldn't find what you
  can't find what you're looking for | nothing was found at this location | seems we can't find what
  the content you requested | the link you followed may be broken | die gesuchte Seite | die angeforderte Seite
  die von Ihnen gesuchte Seite | die von Ihnen aufgerufene Seite | Seite konnte nicht gefunden werden
  Seite wurde nicht gefunden | Seite existiert nicht | la page que vous recherchez | la page que vous cherchez
  la page que vous avez demandée | la page demandée | la página que buscas | la página que está buscando
  la página que estás buscando | la página solicitada | a página que você procura
  a página que você está procurando | a página solicitada | la pagina che stai cercando | la pagina richiesta
  la pagina cercata | de pagina die u zoekt | de pagina die je zoekt | de opgevraagde pagina | sidan du söker
  sidan du letar efter | siden du leder efter | siden du leter etter | etsimääsi sivua | hakemaasi sivua
  strona, której szukasz | szukana strona | podana strona nie istnieje | požadovaná stránka | hledaná stránka
  požadovanú stránku | a keresett oldal | pagina pe care o cauți | pagina căutată | запрашиваемая страница
  запрошенная страница | страница, которую вы ищете | страница, которую вы запросили
  такой страницы не существует | сторінка, яку ви шукаєте | η σελίδα που ζητήσατε | η σελίδα που αναζητάτε
  aradığınız sayfa | halaman yang anda cari | trang bạn tìm kiếm | trang bạn đang tìm | الصفحة التي تبحث عنها
  הדף שחיפשת | העמוד שחיפשת | お探しのページ | ご指定のページ | 您访问的页面 | 您要找的页面 | 您要查看的页面 | 你访问的页面 | 您要尋找的頁面 | 您所查詢的網頁
  요청하신 페이지 | 찾으시는 페이지
`);

/** What a whole website says that is away for a while. */
export const pausePhrases = phrases(`
  Error establishing a database connection | Error establishing a Redis connection | Database connection error
  Could not connect to the database | Can't connect to MySQL server
  Briefly unavailable for scheduled maintenance | The site is currently unavailable
  This site is currently unavailable | This site is temporarily unavailable
  The website is temporarily unavailable | website is currently unavailable | Service Temporarily Unavailable
  down for maintenance | down for scheduled maintenance | closed for maintenance
  currently undergoing maintenance | currently undergoing scheduled maintenance | site is under construction
  website is under construction | site under construction | website under construction
  page is under construction | page under construction | we'll be back soon | we will be back soon
  we'll be right back | we'll be back shortly | we will be back shortly
  the website encountered an unexpected error | There has been a critical error on this website
  this website is for sale | this domain is for sale | domain is parked | account has been suspended
  This Account has been suspended | this store is unavailable | Welcome to nginx | Apache2 Ubuntu Default Page
  wegen Wartung | Seite befindet sich im Aufbau | Hier entsteht eine neue | Wir sind gleich zurück
  Wir sind bald zurück | site en maintenance | site est en maintenance | site en construction
  nous serons bientôt de retour | de retour bientôt | sitio en construcción | página en construcción
  sitio en mantenimiento | volveremos pronto | site em construção | página em construção | voltaremos em breve
  sito in manutenzione | sito in costruzione | torneremo presto | site under onderhoud | strona w budowie
  údržba webu | stránky jsou ve výstavbě | сайт на обслуживании | сайт находится в разработке
  сайт временно недоступен | sedang dalam pemeliharaan | الموقع تحت الصيانة | ただいまメンテナンス
`);

/** Names of such a website; they say it only where nothing else is said, since there are those who maintain and build. */
const pauseNames = new Set(
  phrases(`
  Too many connections | currently under maintenance | is under maintenance | Wartungsarbeiten | Wartungsmodus
  en cours de maintenance | en mantenimiento | em manutenção | in onderhoud | in aanbouw | under ombyggnad
  przerwa techniczna | prace konserwacyjne | karbantartás alatt | технические работы | технічні роботи
  bakım çalışması | bakım modunda | yapım aşamasında | υπό κατασκευή | σε συντήρηση | đang bảo trì | メンテナンス中 | 工事中
  网站维护中 | 系统维护中 | 网站建设中 | 網站維護中 | 점검 중 | 서비스 점검 | 공사중 | maintenance mode | site maintenance | under maintenance
  down for maintenance | under construction | site under construction | im Aufbau | en construction
  en construcción | in costruzione | em construção | en maintenance | in manutenzione | w budowie | údržba
  на обслуживании | на реконструкции
`),
);

/** Names of pages that ask who one is. */
const loginNames = new Set(
  phrases(`
  login | log in | log on | logon | sign in | signin | sign in required | login required | login page
  member login | members login | customer login | user login | account login | admin login
  authentication required | please log in | please login | please sign in | log in or sign up | log in or register
  sign in or register | sign in or create an account | login or register | login register | log in to continue
  sign in to continue | log in to your account | login to your account | sign in to your account
  sign in with your account | anmelden | einloggen | kundenlogin | bitte anmelden | bitte einloggen | connexion
  se connecter | connectez vous | iniciar sesión | inicia sesión | inicio de sesión | iniciar sessão | fazer login
  faça login | accedi | inicia la sessió | inloggen | aanmelden | logga in | log ind | logg inn | kirjaudu
  kirjaudu sisään | kirjautuminen | zaloguj się | logowanie | zaloguj | přihlásit se | prihlásenie | prihlásiť sa
  bejelentkezés | autentificare | войти | авторизация | вход в систему | вход на сайт | увійти | giriş yap
  oturum aç | üye girişi | đăng nhập | เข้าสู่ระบบ | लॉग इन | تسجيل الدخول | התחברות | ログイン | 会員ログイン | サインイン | 登录
  用户登录 | 登入 | 會員登入 | 로그인
`),
);

/** Words that stand over such pages, and over others. */
const maybeLoginNames = new Set(
  phrases(`
  anmeldung | identification | acceder | entrar | accesso | přihlášení | belépés | conectare | вход | вхід
  σύνδεση | είσοδος | giriş | masuk | دخول | כניסה | ورود
`),
);

/** What a form to sign in says besides. */
export const passwordWords = phrases(`
  password | passcode | passwort | kennwort | mot de passe | contraseña | senha | palavra passe | contrasenya
  wachtwoord | lösenord | adgangskode | passord | salasana | hasło | heslo | jelszó | parolă | parola | пароль
  парола | κωδικός | şifre | kata sandi | mật khẩu | รหัสผ่าน | पासवर्ड | كلمة المرور | كلمة السر | סיסמה | סיסמא
  رمز عبور | パスワード | 密码 | 密碼 | 비밀번호
`);

export const loginPhrases = phrases(`
  remember me | stay signed in | keep me signed in | keep me logged in | create an account | don't have an account
  no account yet | angemeldet bleiben | noch kein konto | se souvenir de moi | pas encore de compte | recordarme
  lembrar de mim | ricordami | запомнить меня | remember my username
`);

/** What is said instead of a page that not everybody may see. */
export const accessPhrases = phrases(`
  you must be logged in to view | you must be logged in to access | you must be logged in to see
  you must be logged in to read | you must be logged in to continue | you must log in to view
  you must log in to access | you must log in to see | you must log in to read | you must log in to continue
  you must login to view | you must login to access | you must login to see | you must login to read
  you must login to continue | you need to be logged in to view | you need to be logged in to access
  you need to be logged in to see | you need to be logged in to read | you need to be logged in to continue
  you need to log in to view | you need to log in to access | you need to log in to see
  you need to log in to read | you need to log in to continue | you need to sign in to view
  you need to sign in to access | you need to sign in to see | you need to sign in to read
  you need to sign in to continue | please log in to view | please login to view | please log in to continue
  please sign in to continue | sign in to continue | log in to continue
  you are not authorized to access this page | you are not authorised to access this page
  sie müssen angemeldet sein | sie müssen sich anmelden | bitte melden sie sich an | vous devez être connecté
  vous devez vous connecter | veuillez vous connecter | debes iniciar sesión | debe iniciar sesión
  você precisa estar logado | faça login para continuar | devi effettuare l'accesso | je moet ingelogd zijn
  du måste logga in | musisz się zalogować | musisz być zalogowany | необходимо авторизоваться | войдите чтобы
  ログインが必要です | ログインしてください | 请先登录 | 您需要登录 | 請先登入 | 로그인이 필요합니다 | 로그인 후 이용
`);

export const isPauseName = (name: string): boolean => pauseNames.has(name);

/** Of a page that has a form to sign in besides. */
export const isMaybeLoginName = (name: string): boolean => maybeLoginNames.has(name) || isLoginName(name);

export const isWallName = (name: string): boolean => wallNames.has(name);

export function isMissingName(name: string): boolean {
  const numberless = name.replace(/\b4(?:04|10)\b/g, " ");
  const words = numberless.split(" ").filter((word) => word !== "" && !noise.has(word));
  const rest = words.join(" ");
  if (rest === "" || rest === "gone") return numberless !== name;
  return missingNames.has(rest) || missingNames.has(numberless.replace(/ +/g, " ").trim());
}

export function isLoginName(name: string): boolean {
  if (loginNames.has(name)) return true;
  // "Sign in to Example", and not "Sign in to Example from the command line".
  const asked = /^(?:sign in|log in|login|anmelden bei|connexion à|iniciar sesión en) ?(?:to|at|for|with)? (.*)$/.exec(
    name,
  )?.[1];
  return (
    asked !== undefined && !asked.includes(" with ") && asked.split(" ").length <= 2 && / (?:to|bei|à|en) /.test(name)
  );
}
