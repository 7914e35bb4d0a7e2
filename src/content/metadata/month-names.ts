/** What the months are called, in full, inflected and cut short, in the languages that the web mostly speaks. */
const spellings = [
  "ene enero gen gener gennaio ian ianuarie jaan jaanuar jan janar janeiro januar januara januari january janv " +
    "janvaris janvier led leden ledna oca ocak sausio sausis sij sijecanj sijecnja sty styczen stycznia tammi " +
    "tammikuu tammikuuta urt urtarrila xan xaneiro yan yanvar ιαν ιανουαριου сту студзень студзеня січ січень " +
    "січня янв январь января януари јан јануар јануари қаң қаңтар հնվ հունվար հունվարի ינואר يناير ژانویه ژانویهٔ " +
    "जनवरी জানু জানুয়ারি ஜனவரி జనవరి იან იანვარი",
  "feb febbraio febr febreiro febrer febrero februar februara februari februarie februaris february fev " +
    "fevereiro fevr fevral fevrier helmi helmikuu helmikuuta lut lutego luty ots otsaila shk shkurt sub subat uno " +
    "unor unora vasario vasaris veebr veebruar velj veljaca veljace φεβ φεβρουαριου ақп ақпан лют лютага лютии " +
    "лютого люты феб фебруар фев февр февраль февраля февруари փետրվար փետրվարի փտվ פברואר فبراير فوریه فوریهٔ " +
    "फ़रवरी ফেব ফেব্রুয়ারি பிப் பிப்ரவரி ఫిబ్ర ఫిబ్రవరి თებ თებერვალი",
  "bre brezen brezna kovas kovo maalis maaliskuu maaliskuuta maart mac mar marc marca march marcius marco marec " +
    "maret mars mart martie marts martxoa marz marzec marzo mrt ozu ozujak ozujka μαρ μαρτιου бер березень " +
    "березня мар март марта нау наурыз сак сакавік сакавіка մարտ մարտի մրտ מרץ مارس मार्च মার্চ மார் மார்ச் " +
    "మార్చి მარ მარტი",
  "abr abril api apirila apr aprel april aprila aprile aprilie aprilis aprill avr avril balandis balandzio dub " +
    "duben dubna huhti huhtikuu huhtikuuta kwi kwiecien kwietnia nis nisan pri prill tra travanj travnja απρ " +
    "απριλιου апр апрель апреля април квіт квітень квітня кра красавік красавіка сәу сәуір ապր ապրիլ ապրիլի אפריל " +
    "آوریل أبريل अप्रैल এপ্রি এপ্রিল ஏப் ஏப்ரல் ఏప్రి ఏప్రిల్ აპრ აპრილი",
  "geguze geguzes kve kveten kvetna mag maggio mai maiatza maig maijs maio मई मे maj maja majus may mayo mayıs mei " +
    "svi svibanj svibnja touko toukokuu toukokuuta μαι μαιου маи мам мамыр мая мај трав травень травня մայիս " +
    "մայիսի մյս מאי مايو مهٔ მაი მაისი",
  "birzelio birzelis cerven cervna cvn cze czerwca czerwiec eka ekaina giu giugno haz haziran iun iunie iyn " +
    "iyun juin jun juna june junho juni junij junijs junio junius juny juuni kesa kesakuu kesakuuta lipanj lipnja " +
    "qer qershor xuno ιουν ιουνιου июн июнь июня мау маусым черв червень червня чэр чэрвень чэрвеня юни јун јуни " +
    "հնս հունիս հունիսի יוני يونيو ژوئن जून জুন ஜூன் జూన్ ივნ ივნისი",
  "cervence cervenec cvc heina heinakuu heinakuuta iul iulie iyl iyul juil juillet jul jula julai julho juli " +
    "julij julijs julio juliol julius july juuli korr korrik liepa liepos lipca lipiec lug luglio srpanj srpnja " +
    "tem temmuz uzt uztaila xul xullo ιουλ ιουλιου июл июль июля лип липень липня ліп ліпень ліпеня шіл шілде юли " +
    "јул јули հլս հուլիս հուլիսի יולי يوليو ژوئیه ژوئیهٔ जुलाई জুল জুলাই ஜூலை జులై ივლ ივლისი",
  "abu abuztua ago agost agosto agu agust agustos agustus aout aug august augusta augusti augusts augustus " +
    "augusztus avg avgust avq avqust elo elokuu elokuuta gush gusht kol kolovoz kolovoza ogo ogos rugpjucio " +
    "rugpjutis sie sierpien sierpnia srpen srpna αυγ αυγουστου авг август августа жні жнівень жніуня серп серпень " +
    "серпня там тамыз օգոստոս օգոստոսի օգս אוגוסט أغسطس اوت अगस्त আগস্ট ஆகஸ்ட் ఆగస్టు აგვ აგვისტო",
  "eyl eylul ira iraila rugsejis rugsejo ruj rujan rujna sen sentyabr sep sept septembar september septembra " +
    "septembre septembrie septembris septiembre set setembre setembro settembre sht shtator syys syyskuu " +
    "syyskuuta szept szeptember wrz wrzesien wrzesnia zar zari σεπ σεπτεμβριου вер верасень верасня вересень " +
    "вересня сент сентябрь сентября сеп септембар септември қыр қыркүиек սեպ սեպտեմբեր սեպտեմբերի ספטמבר سبتمبر " +
    "سپتامبر सितंबर সেপ সেপ্ট সেপ্টেম্বর செப் செப்டம்பர் సెప్టెం సెప్టెంబర్ სექ სექტემბერი",
  "eki ekim loka lokakuu lokakuuta oct october octobre octombrie octubre okt oktobar oktober oktobra oktobris " +
    "oktoober oktyabr ott ottobre out outubro paz pazdziernik pazdziernika rij rijen rijna spalio spalis tet " +
    "tetor urr urria οκτ οκτωβριου жовт жовтень жовтня кас кастрычнік кастрычніка окт октобар октомври октябрь " +
    "октября қаз қазан հոկ հոկտեմբեր հոկտեմբերի אוקטובר أكتوبر اکتبر अक्टूबर অক্টো অক্টোবর அக் அக்டோபர் అక్టో " +
    "అక్టోబర్ ოქტ ოქტომბერი",
  "aza azaroa kas kasım lapkricio lapkritis listopadu marras marraskuu marraskuuta nen nentor noiembrie nov " +
    "novembar november novembra novembre novembris novembro noviembre noy noyabr stu studeni studenoga νοε " +
    "νοεμβριου лист листопад листопада ліс лістапад лістапада нов новембар ное ноември нояб ноябрь ноября қар " +
    "қараша նոյ նոյեմբեր նոյեմբերի נובמבר نوامبر نوفمبر नवंबर নভে নভেম্বর நவம்பர் నవం నవంబర్ ნოე ნოემბერი",
  "abe abendua ara aralık dec decembar december decembra decembre decembrie decembris decembro dek dekabr des " +
    "desember desembre dets detsember dez dezember dezembro dhj dhjetor dic dicembre diciembre dis disember gru " +
    "grudnia grudzien gruodis gruodzio joulu joulukuu joulukuuta pro prosinac prosinca prosince prosinec δεκ " +
    "δεκεμβριου груд грудень грудня дек декабрь декабря декември дец децембар жел желтоқсан сне снежань снежня " +
    "դեկ դեկտեմբեր դեկտեմբերի דצמבר دسامبر ديسمبر दिसंबर ডিসে ডিসেম্বর டிச டிசம்பர் డిసెం డిసెంబర్ დეკ დეკემბერი",
];

/** In Croatian this is October, in Polish and Czech November; there are more pages in those. */
const monthOf = new Map<string, number>([
  ["sept", 9],
  ["listopad", 11],
  ["listopada", 11],
]);

/** The number of the month (1 to 12) that a word names, by itself or after the Hebrew "in". */
export function findMonth(word: string): number | undefined {
  if (word.length < 2 || word.length > 20) return undefined;
  if (monthOf.size < 12) {
    for (const [at, names] of spellings.entries()) for (const name of names.split(" ")) monthOf.set(name, at + 1);
  }
  const name = foldWord(word);
  return monthOf.get(name) ?? (name.startsWith("ב") ? monthOf.get(name.slice(1)) : undefined);
}

/** Lower case, and without accents on Latin, Greek and Cyrillic letters. */
export function foldWord(word: string): string {
  const lower = word.toLowerCase();
  if (/^[a-z]*$/.test(lower)) return lower;
  return lower
    .normalize("NFD")
    .replace(/[\u0300-\u036f]/g, "")
    .normalize("NFC");
}
