/** Words of dates in the main European languages, in lower case, separated by white space. */

/** Months. `maybe` are those that are other words too, so that they count with a year alone; `first` may stand before the day. */
export const monthNames = {
  surely: `
    january february april june july august september october november december
    januar jänner jaenner februar feber märz maerz mai juni juli oktober dezember
    janvier février fevrier avril juin juillet août aout septembre octobre novembre décembre decembre
    enero febrero abril junio julio agosto septiembre setiembre octubre noviembre diciembre
    gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre
    janeiro fevereiro março marco maio junho julho setembro outubro novembro dezembro
    januari februari maart augustus
    marts maj mars augusti desember
    tammikuu tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta
    marraskuuta joulukuuta
    stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia
    ledna února března dubna května června července srpna září října listopadu prosince
    januára februára apríla mája júna júla augusta septembra októbra novembra decembra
    január február március április május június július augusztus szeptember október
    ianuarie februarie martie aprilie iunie iulie septembrie octombrie noiembrie decembrie
    ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου ιουνίου ιουλίου αυγούστου σεπτεμβρίου οκτωβρίου νοεμβρίου δεκεμβρίου
    января февраля марта апреля мая июня июля августа сентября октября ноября декабря
    січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня
    януари февруари март април май юни юли август септември октомври ноември декември
    ocak şubat nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık
    jan feb apr jun jul aug sept oct nov okt dez janv févr avr juil déc ene abr fev dic mrt`,
  maybe: `
    march may mar mär sep dec set out ago mai gen giu lug ott nov mag mei sty lut kwi cze lip sie wrz paź lis gru mart
    янв фев мар апр июн июл авг сен окт ноя дек`,
  first: `
    january february april june july august september october november december
    jan feb apr jun jul aug sept oct nov
    január február március április május június július augusztus szeptember október`,
};

export const weekdayNames = `
  monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun
  montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so
  lundi mardi mercredi jeudi vendredi samedi dimanche lun mer jeu ven sam dim
  lunes martes miércoles jueves viernes sábado domingo mié jue vie sáb
  lunedì martedì mercoledì giovedì venerdì sabato domenica gio dom
  segunda-feira terça-feira quarta-feira quinta-feira sexta-feira
  maandag dinsdag woensdag donderdag vrijdag zaterdag zondag ma wo vr za zo
  mandag tirsdag onsdag torsdag fredag lørdag søndag måndag tisdag lördag söndag
  poniedziałek wtorek środa czwartek piątek sobota niedziela pondělí úterý středa čtvrtek pátek neděle
  luni marți miercuri joi vineri sâmbătă duminică hétfő kedd szerda csütörtök péntek szombat vasárnap
  maanantai tiistai keskiviikko torstai perjantai lauantai sunnuntai pazartesi salı çarşamba perşembe cuma cumartesi
  Δευτέρα Τρίτη Τετάρτη Πέμπτη Παρασκευή Σάββατο Κυριακή понеділок вівторок середа четвер п'ятниця субота неділя
  понедельник вторник среда четверг пятница суббота воскресенье пн вт ср чт пт сб вс`;

/** Spans of time and what makes of them a time: `3 hours ago`, `vor 3 Stunden`. An underscore is a space. */
export const fewUnits = {
  counts: `a an one two three few couple ein eine einer einem einigen wenigen un une uno una unos unas quelques um uma
    een en et ett jeden jedną yhden`,
  nearly: `about over almost around approx less_than etwa rund ca über fast knapp environ unos casi circa cerca_de
    ongeveer omkring cirka około asi`,
  units: `
    s sec secs second seconds m min mins minute minutes h hr hrs hour hours d day days w wk wks week weeks mo month months
    y yr yrs year years
    sek sekunde sekunden minuten std stunde stunden tag tage tagen woche wochen monat monate monaten jahr jahre jahren
    seconde secondes heure heures j jour jours semaine semaines mois an ans année années
    segundo segundos minuto minutos hora horas día días dia dias semana semanas mes meses mês año años ano anos
    secondo secondi minuti ora ore giorno giorni settimana settimane mese mesi anno anni
    seconden minuut uur uren dag dagen weken maand maanden jaar jaren
    sekund sekunder minut minutter minuter time timer timme timmar dage dager dagar uge uger uke uker vecka veckor
    måned måneder månad månader år
    sekunti sekuntia minuutti minuuttia tunti tuntia päivä päivää viikko viikkoa kuukausi kuukautta vuosi vuotta
    sekundę sekundy minutę minuty godzinę godziny godzin dzień dni tydzień tygodnie tygodni miesiąc miesiące miesięcy rok
    lata lat
    sekundou sekundami minutou minutami hodinou hodinami dnem dny týdnem týdny měsícem měsíci rokem lety
    másodperc perc óra órája nap napja hét hete hónap hónapja év éve
    секунду секунды секунд минуту минуты минут час часа часов день дня дней неделю недели недель месяц месяца месяцев год
    года лет
    saniye dakika saat gün hafta ay yıl
    δευτερόλεπτα λεπτό λεπτά ώρα ώρες ημέρα ημέρες μέρες εβδομάδα εβδομάδες μήνα μήνες χρόνο χρόνια
    secundă secunde zi zile săptămână săptămâni lună luni oră`,
  behind: `ago fa geleden siden sedan sitten temu atrás назад тому önce ezelőtt`,
  inFront: `vor il_y_a hace há for för acum před pred przed πριν πριν_από преди`,
  words: `
    just_now moments_ago a_moment_ago yesterday today vorgestern gestern heute gerade_eben soeben hier_à
    aujourd['\u2019]hui avant-hier ayer anteayer hoy ieri oggi ontem hoje gisteren eergisteren vandaag i_går i_dag igår idag
    eilen tänään wczoraj dzisiaj dziś včera dnes tegnap вчера сегодня вчора сьогодні dün bugün χθες`,
};
