"""Given names common in Germany and Sweden, as they stand in e-mail addresses (ä is ae).

A name of a person is told from two other words by its given name. `NAMESAKES` are persons whom
schools and houses are named after, so that an address with their name is mostly a house's.
"""

from functools import cache

_GIVEN_NAMES = """
    aaron abdul abdullah achim ada adam adelheid adrian agata agnes agneta agnieszka ahmad ahmed
    aileen ailin aisha albert albrecht aldo alena alessandro alex alexa alexander alexandra
    alexandre alexandros alfons alfred ali alice alicia alina alisa alois alwin amalia amanda
    amelie amina amir amira amy ana anastasia anders andre andrea andreas andreea andrej andrew
    andrzej andy angela angelika angelina anika anita anja anjali ann anna annabell annalena anne
    annedore annegret annekatrin anneke annelie annelies anneliese annemarie annemie annett annette
    annika antje anton antonia antonio anuschka ariane arild armin arndt arne arno arnold arthur
    artur arvid asif astrid athanasios august axel aylin ayse aysel barbara barbro bastian beata
    beate beatrice beatrix beatriz ben benedikt benjamin benno bent bernadette bernd bernhard
    berthold bertram bettina bianca birger birgit birgitta birte birthe bjarne bjoern bo bodo
    bogdan boris brigitta brigitte britt britta bruce bruno burkhard camilla can carina carl carla
    carlo carlos carmen carola carolin carolina caroline carsten cathleen cathrin catrin cecilia
    celina cem chantal charlotte chiara chris christa christel christian christiane christin
    christina christine christof christoph christopher claas clara clarissa claudia claudio claus
    clemens colin conny constanze corina corinna cornelia cornelius cynthia dag dagmar damian dan
    dana daniel daniela daniele danny daria dario dariusz david deborah denise dennis denny desiree
    detlef detlev diana diane dieter dietlind dietmar dietrich dilek dimitri dina dirk dominic
    dominik dominika dominique donald doreen doris dorota dorothea dorothee dorte dunja ebba
    eberhard eckart eckhard edda eddie edgar edith edmund eduard edward egon eileen ekaterina elena
    eleni eleonore elfi elfriede elin elina elisa elisabeth elise elizabeth elke ella ellen elmar
    elsa elsbeth elvira elzbieta emil emilia emilie emily emine emma emre enrico erdmute erhard
    eric erich erik erika erkan erna ernst erwin esra esther eugen eva evelin eveline evelyn ewa
    ewald fabian fabienne fadi falk falko fatima fatma felicitas felix ferdinand fiona florian
    franco frank franka franz franziska frauke fred frederic frederik frederike fredi fredrik frida
    frieda friedemann friederike friedhelm friedl friedrich fritz gabi gabriel gabriela gabriele
    gaby galina georg george georgios gerald gerd gerda gerhard gerlinde gernot gero gert gertraud
    gertrud gesa gesine gilbert gina gisela gitta giulia giuseppe gloria goeran goetz grazyna greg
    gregor greta grete grit gudrun guenter guenther guido gunda gundula gunilla gunnar gunter
    gunther gustav hakan hanna hannah hanne hannelore hannes hans hanspeter harald hardy harry
    hartmut hartwig hasan hassan hatice hedda heidemarie heidi heidrun heike heiko heiner heinrich
    heinz helen helena helene helga helge helmut helmuth hendrik henning henri henriette henrik
    henry herbert heribert hermann herta hilde hildegard hilke hilmar hiltrud holger horst hubert
    hugo hussein ibrahim ida igor ilka ilona ilse imke ina ines inga inge ingeborg inger ingmar
    ingo ingolf ingrid inka insa ira irena irene irina iris irma irmgard isa isabel isabell
    isabella isabelle ismail iva ivan ivana ivo ivonne iwona jack jacob jacqueline jakob james jan
    jana jane janet janette janin janina janine janna jannik jannis janosch jasmin jasper jean
    jeanette jeannette jelena jennifer jenny jens jenspeter jeremy jessica jette jill joachim joan
    joanna jochen joel joerg joern johan johann johanna johannes john jolanta jon jona jonas
    jonathan jorge jose josef josefine joseph joshua judith juergen julia julian juliana juliane
    julie julien juliette julius jussuf justin justus jutta kai kaj kamil karen kari karim karin
    karina karl karla karlheinz karola karolin karolina karoline karsten kasper katarina katarzyna
    kathalin katharina katharine kathleen kathrin kathy kati katja katrin kay kemal kenneth kerstin
    kevin kilian kim kira kirsten kjell klara klaus klemens knut konrad konstantin konstantinos
    konstanze kornelia kristian kristin kristina kristine kristof krzysztof kurt lara larissa lars
    lasse laura laurenz lea leah lena leni lennart leo leon leona leonie leonora leopold lia lidia
    liesbeth liesel lilian liliana lilli lilly lina linda line linn linus lisa lisbeth liselotte
    lothar lotta lotte louis louisa louise luca lucas lucia lucie lucy ludger ludmila ludwig luis
    luisa luise luka lukas lutz lydia madeleine mads magda magdalena magnus maike maja maksym
    malgorzata malin malte mandy manfred manja manon manuel manuela mara marc marcel marcela marcin
    marco marcus maren maret margaret margareta margarete margarethe margit margitta margot margret
    margrit maria mariam mariana marianne marie marieke mariella marijke marika marina mario marion
    marisa marita marius mark marko markus marlen marlena marlene marlies marlis marta martha
    marthe martin martina marvin mary maryam mateusz mathias mathilde matthew matthias maurice max
    maximilian mechthild mehmet meike mel melanie melina melissa mercedes merle meta mette mia
    micha michael michaela michal michel michele michelle miguel mika mikael mike milan milena mina
    mira miriam mirja mirjam mirko miroslav mohamad mohamed mohammad mohammed mona monica monika
    monique moritz muhammad murat mustafa nadezhda nadia nadin nadine nadja nancy natalia natalie
    natascha nathalie nele nelly nico nicola nicolas nicole niels niklas niko nikola nikolai
    nikolas nikolaus nils nina noah noel nora norbert norma nuri olaf olav ole oleg olena olga
    oliver olivia olivier olof omar orhan ortrud oskar osman oswald otto pamela paola pascal
    patricia patrick patrik patrizia paul paula paulina pauline pavel pawel pedro peer peggy pelle
    per pernilla petar peter petra philip philipp phillip pia pierre pietro piotr rafael rahel raik
    raimund rainer ralf ralph ramona raphael raquel rasmus rebecca rebekka regina regine reimund
    reiner reinhard reinhild reinhold rena renate rene renee ricarda riccardo richard rico rieke
    rita robert roberta roberto robin roger roland rolf roman romy ronald ronja ronny rosa rosalie
    rosemarie rosi roswitha rotraud roy rudi rudolf ruediger rupert ruth sabine sabrina salome
    samir samira samuel sandra sandro sandy sara sarah sascha saskia sebastian selim selin selina
    selma serap serge sergej severin sibylle siegfried sieglinde siegmar siegrid siegrun sigrid
    sigrun silja silke silvia silvio simon simona simone sina sindy siri siv soeren sofia sofie
    solveig sonja sophia sophie stanislav stefan stefanie steffen steffi stella sten stephan
    stephanie stephen steve steven stig stine suleiman sunniva susan susann susanna susanne suse
    susi suzanne sven svenja svetlana swantje sybille sylke sylvia sylvio tabea tamara tania tanja
    tarek tatiana tatjana ted teresa tessa thea theo theodor theodora theresa therese theresia
    thilo thomas thorben thorsten tibor till tillmann tilman tim timm timo timothy tina tino tobias
    tom tomas tomasz tommy toni tony torben torbjoern tore torsten traudel traudi traute trude
    tuelay uda udo ulf uli ulla ullrich ulrich ulrika ulrike urs ursel ursula urszula uschi uta ute
    uwe valentin valentina valerie vanessa vera verena veronica veronika vesna victor victoria
    viktor viktoria vincent viola violetta virginia vivian viviane vivien vladimir volker volkmar
    vroni waldemar walter waltraud wanda wencke wendy werner wiebke wilfried wilhelm willi willy
    winfried wladimir wojciech wolf wolfgang wolfram wulf xenia yannick yasemin yasin yasmin yusuf
    yvette yvonne zeynep zoe zofia zuzanna
"""

_NAMESAKES = """
    adam ries, adolf kolping, adolph kolping, adolf reichwein, albert einstein, albert schweitzer,
    alexander humboldt, anna seghers, anne frank, astrid lindgren, bertolt brecht, carl gauss,
    christa wolf, clara schumann, clara wieck, clara zetkin, dietrich bonhoeffer, edith stein,
    erich kaestner, ernst reuter, ernst thaelmann, friedrich froebel, friedrich schiller,
    gustav adolf, hans andersen, hans scholl, heinrich heine, heinrich mann, heinrich pestalozzi,
    helen keller, ida ehre, james kruess, janusz korczak, johann goethe, johann pestalozzi,
    johannes gutenberg, johannes kepler, john kennedy, karl marx, konrad adenauer, kurt tucholsky,
    lise meitner, maria magdalena, maria montessori, maria ward, marie curie, mark brandenburg,
    mark twain, martin buber, martin luther, martin niemoeller, max born, max planck, michael ende,
    nelly sachs, olof palme, oskar schindler, otto hahn, otto lilienthal, paul gerhardt, peter pan,
    philipp melanchthon, robert koch, rosa luxemburg, rudolf steiner, rudolf virchow, sophie scholl,
    theodor fontane, theodor heuss, theodor storm, thomas mann, werner heisenberg, wilhelm busch,
    wilhelm humboldt, wilhelm raabe, willy brandt, wolfgang goethe
"""


@cache
def given_names() -> frozenset[str]:
    return frozenset(_GIVEN_NAMES.split())


@cache
def namesakes() -> frozenset[str]:
    return frozenset(" ".join(name.split()) for name in _NAMESAKES.split(","))
