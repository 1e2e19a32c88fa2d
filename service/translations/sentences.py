"""The sentences of errors in Canadian French. English is made where the error is; here it is recognised and said anew.

A pair of `SENTENCES` holds a sentence in both languages. `{0}` stands for a value, which is carried over as it is;
`<0>` for a sentence of its own, which is translated too. `{0:or}` turns the words between values into French.
In the French, a space before a colon and within guillemets does not break; that is seen to here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from service.translations import catalogue

LONGEST = 20_000
"""Characters of a sentence that is looked at; longer ones stay in English."""

SENTENCES: tuple[tuple[str, str], ...] = (
    # Every field
    ("This field is required. Add it.", "Ce champ est obligatoire. Remplissez-le."),
    (
        "null is not a value here. Leave the field out, or give it a value.",
        "La valeur null n’est pas permise ici. Omettez le champ ou donnez-lui une valeur.",
    ),
    ("This value is not allowed here.", "Cette valeur n’est pas permise ici."),
    ("This must be a JSON object with the fields {0}.", "La valeur doit être un objet JSON comportant les champs {0}."),
    (
        "Unknown field. Remove it; the fields here are: {0}.",
        "Champ inconnu. Supprimez-le; les champs permis ici sont : {0}.",
    ),
    ("This must be text (a JSON string).", "La valeur doit être du texte (une chaîne JSON)."),
    (
        "This text has {0} characters; at most {1} are allowed. Shorten it.",
        "Ce texte compte {0} caractères; le maximum permis est de {1}. Raccourcissez-le.",
    ),
    (
        "Control characters other than tab and line breaks are not allowed. Remove them.",
        "Les caractères de commande autres que la tabulation et le saut de ligne ne sont pas permis. Supprimez-les.",
    ),
    (
        "This text is blank. Write something, or leave the field out.",
        "Ce texte est vide. Écrivez quelque chose ou omettez le champ.",
    ),
    ('This must be the code of a party, such as "CA".', "La valeur doit être le code d’une partie, p. ex. « CA »."),
    (
        'This must be a URL, such as "https://example.org/page".',
        "La valeur doit être une adresse URL, p. ex. « https://example.org/page ».",
    ),
    (
        "A URL holds no spaces or control characters. Percent-encode them.",
        "Une adresse URL ne contient ni espace ni caractère de commande. Utilisez l’encodage-pourcent.",
    ),
    (
        "This is not a valid URL. Give it as https://host/path.",
        "Cette adresse URL n’est pas valide. Écrivez-la sous la forme https://hôte/chemin.",
    ),
    (
        "Only http and https URLs with a host are accepted. Give it as https://host/path.",
        "Seules les adresses URL http et https comportant un hôte sont acceptées. Écrivez-la sous la forme "
        "https://hôte/chemin.",
    ),
    (
        "A URL must not carry a user name or password. Remove the part before the @.",
        "Une adresse URL ne doit contenir ni nom d’utilisateur ni mot de passe. Supprimez ce qui précède le @.",
    ),
    (
        'This must be a date as text, such as "2025-10-30".',
        "La valeur doit être une date sous forme de texte, p. ex. « 2025-10-30 ».",
    ),
    (
        'This must be a day as text, such as "2025-10-30".',
        "La valeur doit être un jour sous forme de texte, p. ex. « 2025-10-30 ».",
    ),
    ("This must be true or false, without quotes.", "La valeur doit être true ou false, sans guillemets."),
    (
        "This must be a whole number from {0} to {1}, without quotes.",
        "La valeur doit être un nombre entier de {0} à {1}, sans guillemets.",
    ),
    ("This must be one of: {0}.", "La valeur doit être l’une des suivantes : {0}."),
    (
        'Give the amount as text of digits with an optional fraction, such as "1250000.50": no sign, exponent or '
        "thousands separators.",
        "Indiquez le montant en chiffres, avec une fraction au besoin, p. ex. « 1250000.50 » : ni signe, ni exposant, "
        "ni séparateur de milliers.",
    ),
    (
        'This is no currency of ISO 4217. Give its three capital letters, such as "CAD".',
        "Cette devise ne figure pas dans la norme ISO 4217. Indiquez ses trois lettres majuscules, p. ex. « CAD ».",
    ),
    ("This must be a JSON array.", "La valeur doit être un tableau JSON."),
    ("At least {0} needed here; {1} given.", "Minimum requis ici : {0}; nombre fourni : {1}."),
    ("At most {0} are allowed here; {1} given.", "Maximum permis ici : {0}; nombre fourni : {1}."),
    ("{0} appears twice. Name each party once.", "{0} figure deux fois. Nommez chaque partie une seule fois."),
    (
        'A place needs a name, such as {"name": "Gyeongju", "party": "KR"}.',
        'Un lieu doit avoir un nom, p. ex. {"name": "Gyeongju", "party": "KR"}.',
    ),
    # Dates and instants
    (
        "Write YYYY-MM-DD, YYYY-MM or YYYY, with ?, ~ or % at the end if it is not certain",
        "Écrivez AAAA-MM-JJ, AAAA-MM ou AAAA, avec « ? », « ~ » ou « % » à la fin si la date est incertaine",
    ),
    ("{0} is not a day. Write it as YYYY-MM-DD.", "{0} n’est pas un jour. Écrivez-le sous la forme AAAA-MM-JJ."),
    (
        "This date has {0} characters; at most {1} are allowed. <2>.",
        "Cette date compte {0} caractères; le maximum permis est de {1}. <2>.",
    ),
    (
        "{0} does not have two ends. <1>, or A/B for an interval, or [A..B] for one of.",
        "{0} n’a pas deux bornes. <1>, ou A/B pour un intervalle, ou [A..B] pour l’une des dates comprises entre A et "
        "B.",
    ),
    (
        "{0} has an open end. Give both ends, however roughly (a month, a year, 20XX).",
        "{0} a une borne ouverte. Indiquez les deux bornes, même approximativement (un mois, une année, 20XX).",
    ),
    (
        "{0} ends before it begins. Put the earlier date first.",
        "{0} se termine avant de commencer. Inscrivez d’abord la date la plus ancienne.",
    ),
    (
        "{0} is not a day of the calendar. Give a real day, or only the month ({1}).",
        "{0} n’est pas un jour du calendrier. Indiquez un jour réel, ou seulement le mois ({1}).",
    ),
    (
        "There is no month {0}. Give a month from 01 to 12, or only the year ({1}).",
        "Le mois {0} n’existe pas. Indiquez un mois de 01 à 12, ou seulement l’année ({1}).",
    ),
    (
        "There is no year 0000. Give a year from 0001 to 9999.",
        "L’année 0000 n’existe pas. Indiquez une année de 0001 à 9999.",
    ),
    ("This date is blank. <0>.", "Cette date est vide. <0>."),
    ("{0} has spaces around it. Remove them.", "{0} comporte des espaces au début ou à la fin. Supprimez-les."),
    (
        "{0} has a time of day. Give the civil day at the place, without a time ({1}).",
        "{0} comporte une heure. Indiquez le jour civil à l’endroit visé, sans heure ({1}).",
    ),
    (
        "{0} has both an X and a {1}. Use one or the other.",
        "{0} comporte à la fois un X et un {1}. Utilisez l’un ou l’autre.",
    ),
    (
        "X cannot stand there in {0}. Write YYYY-MM-XX, YYYY-XX, YYYY-XX-XX, YYYX or YYXX, with a capital X.",
        "X ne peut occuper cette place dans {0}. Écrivez AAAA-MM-XX, AAAA-XX, AAAA-XX-XX, AAAX ou AAXX, avec un X "
        "majuscule.",
    ),
    (
        "{0} is not a range. Write it as [A..B], with a date at each end and nothing nested.",
        "{0} n’est pas une plage. Écrivez-la sous la forme [A..B], avec une date à chaque borne et sans imbrication.",
    ),
    ("{0} is not a date that can be read. <1>.", "{0} n’est pas une date lisible. <1>."),
    (
        "This must be an instant as RFC 3339 has it, such as 2025-11-05T12:00:00Z.",
        "La valeur doit être un instant conforme à la RFC 3339, p. ex. 2025-11-05T12:00:00Z.",
    ),
    (
        "This instant does not exist. Check the day, the hour and the offset.",
        "Cet instant n’existe pas. Vérifiez le jour, l’heure et le décalage.",
    ),
    (
        "This instant does not exist. A leap second is the last of a day in UTC.",
        "Cet instant n’existe pas. Une seconde intercalaire est la dernière d’un jour UTC.",
    ),
    (
        "This must be an instant as text, such as 2025-11-05T12:00:00Z.",
        "La valeur doit être un instant sous forme de texte, p. ex. 2025-11-05T12:00:00Z.",
    ),
    # Parties
    ("Use upper case: {0}.", "Utilisez les majuscules : {0}."),
    ("Leave out the spaces, and use upper case: {0}.", "Supprimez les espaces et utilisez les majuscules : {0}."),
    ("ISO 3166-1 alpha-2 is used: {0} is {1}.", "Le code ISO 3166-1 alpha-2 est utilisé : {0} correspond à {1}."),
    (
        "A former country has the four letters of ISO 3166-3: {0} is {1}.",
        "Un ancien pays porte les quatre lettres de la norme ISO 3166-3 : {0} correspond à {1:or}.",
    ),
    ("{0} is not the code used here. Write {1}.", "{0} n’est pas le code utilisé ici. Écrivez {1}."),
    (
        "{0} is not in the register of parties. Give the ISO 3166-1 alpha-2 code of a country, such as CA, or the "
        "code of an organisation, such as NATO; the setting DEPOSITARY_ORGANISATIONS adds more.",
        "{0} ne figure pas au répertoire des parties. Indiquez le code ISO 3166-1 alpha-2 d’un pays, p. ex. CA, ou le "
        "code d’une organisation, p. ex. NATO; le paramètre DEPOSITARY_ORGANISATIONS permet d’en ajouter.",
    ),
    # Kinds of events
    (
        'An amount needs its currency. Add it, such as "CAD".',
        "Un montant doit avoir sa devise. Ajoutez-la, p. ex. « CAD ».",
    ),
    (
        "to_year lies before from_year. Exchange or correct them.",
        "L’année de fin (to_year) précède l’année de début (from_year). Inversez-les ou corrigez-les.",
    ),
    (
        "Give the path and query of a page of this service, such as {0}.",
        "Indiquez le chemin et la requête d’une page de ce service, p. ex. {0}.",
    ),
    (
        "The query must name as_of and at_position once each, such as {0}.",
        "La requête doit nommer as_of et at_position une fois chacun, p. ex. {0}.",
    ),
    (
        'This must be the id of an event: a UUID such as "{0}".',
        "La valeur doit être l’identifiant d’un événement : un UUID, p. ex. « {0} ».",
    ),
    (
        "This must be a JSON object (a merge patch, RFC 7396) over {0}.",
        "La valeur doit être un objet JSON (correctif de fusion, RFC 7396) portant sur {0}.",
    ),
    (
        "This cannot be corrected. Remove it; a patch may name: {0}.",
        "Ce champ ne peut être rectifié. Supprimez-le; un correctif peut nommer : {0}.",
    ),
    ("No field has this name. Remove it.", "Aucun champ ne porte ce nom. Supprimez-le."),
    (
        "Only acts have a date. Remove it; the log notes when this was recorded.",
        "Seuls les actes ont une date. Supprimez-la; le registre note le moment de l’inscription.",
    ),
    # The state of the record
    (
        "This id appears twice in the batch. Send each event once.",
        "Cet identifiant figure deux fois dans le lot. Envoyez chaque événement une seule fois.",
    ),
    (
        "The log holds another event under this id. Use a new id, or send the same content.",
        "Le registre contient un autre événement sous cet identifiant. Utilisez un nouvel identifiant ou envoyez le "
        "même contenu.",
    ),
    (
        "No such event in the log. Give the id of an act.",
        "Cet événement ne figure pas au registre. Indiquez l’identifiant d’un acte.",
    ),
    (
        "Only acts can be corrected, retracted or reinstated; this is the id of another kind of event.",
        "Seuls les actes peuvent être rectifiés, rétractés ou rétablis; cet identifiant désigne un événement d’une "
        "autre nature.",
    ),
    (
        "This act stands in the stream {0}. Name that stream, or leave stream out.",
        "Cet acte appartient au fil {0}. Nommez ce fil ou omettez le champ stream.",
    ),
    (
        "This act is retracted. Reinstate it before you correct it.",
        "Cet acte est rétracté. Rétablissez-le avant de le rectifier.",
    ),
    ("This act is retracted already.", "Cet acte est déjà rétracté."),
    (
        "This act stands; only a retracted act can be reinstated.",
        "Cet acte n’est pas rétracté; seul un acte rétracté peut être rétabli.",
    ),
    (
        "The act would have {0} bytes; at most {1} are allowed. Shorten it.",
        "L’acte compterait {0} octets; le maximum permis est de {1}. Raccourcissez-le.",
    ),
    (
        "This must be the id of another act in the log, or null.",
        "La valeur doit être l’identifiant d’un autre acte du registre, ou null.",
    ),
    (
        "This lies in the future. Give when it was recorded.",
        "Cet instant est dans l’avenir. Indiquez le moment de l’inscription.",
    ),
    (
        "This lies before the log's last event. Record times never decrease: sort the file by them.",
        "Cet instant précède le dernier événement du registre. Les moments d’inscription ne décroissent jamais : "
        "triez le fichier en conséquence.",
    ),
    (
        "The stream {0} is at version {1}, not {2}. Read it again and decide anew.",
        "Le fil {0} en est à la version {1}, et non {2:or}. Relisez-le, puis décidez de nouveau.",
    ),
    (
        "If-Match speaks of one stream. Send one stream a batch with it.",
        "If-Match vise un seul fil. Envoyez un seul fil par lot.",
    ),
    (
        "Impossible sequence in {0}: <1> Acts in conflict: {2}.",
        "Suite impossible dans {0} : <1> Actes en conflit : {2:on}.",
    ),
    (
        "{0} is required on the first act of a {1}. Add it.",
        "Le champ {0} est obligatoire au premier acte d’un fil de la nature {1}. Ajoutez-le.",
    ),
    (
        "{0} on {1} ({2}) would become the first act of {3}, and lacks {4}. Correct it first.",
        "{0} ({1}, {2}) deviendrait le premier acte de {3}, mais il y manque {4}. Rectifiez-le d’abord.",
    ),
    (
        "null clears what earlier acts gave, and this is the first act. Leave the field out.",
        "La valeur null efface ce qu’ont indiqué les actes antérieurs, mais cet acte est le premier. Omettez le champ.",
    ),
    (
        "<0> Their dates overlap: a narrower date would make a possible order certain.",
        "<0> Leurs dates se chevauchent : une date plus précise rendrait certain un ordre possible.",
    ),
    (
        "A stream of the kind {0} holds one act. Use another stream.",
        "Un fil de la nature {0} contient un seul acte. Utilisez un autre fil.",
    ),
    (
        "{0} stands before the first act; a {1} begins with {2}.",
        "L’acte {0} précède le premier acte; un fil de la nature {1} commence par {2:or}.",
    ),
    ("{0} follows {1}, after which nothing can stand.", "L’acte {0} suit {1}, après quoi rien ne peut figurer."),
    ("{0} stands twice.", "L’acte {0} figure deux fois."),
    (
        "suspended while it was suspended already.",
        "Il y a suspension (suspended) alors que la suspension est déjà en cours.",
    ),
    ("resumed while it was not suspended.", "Il y a reprise (resumed) sans suspension en cours."),
    # What a writer sends
    (
        'This must be the type of an event as text, such as "meeting.held".',
        "La valeur doit être le type d’un événement sous forme de texte, p. ex. « meeting.held ».",
    ),
    ("Unknown kind. The kinds are: {0}.", "Nature inconnue. Les natures sont : {0}."),
    ("Unknown act of the kind {0}. Its acts are: {1}.", "Acte inconnu pour la nature {0}. Ses actes sont : {1}."),
    (
        'A stream is named by its kind, a colon, and 1 to 120 of a-z, 0-9, ".", "_" and "-", such as '
        '"meeting:ca-kr-2025-10-30".',
        "Le nom d’un fil se compose de sa nature, d’un deux-points et de 1 à 120 caractères parmi a-z, 0-9, « . », « "
        "_ » et « - », p. ex. « meeting:ca-kr-2025-10-30 ».",
    ),
    (
        "This event has {0} bytes; at most {1} are allowed. Shorten it.",
        "Cet événement compte {0} octets; le maximum permis est de {1}. Raccourcissez-le.",
    ),
    (
        'An event of the kind {0} must name its stream, such as "{1}". Add it.',
        "Un événement de la nature {0} doit nommer son fil, p. ex. « {1} ». Ajoutez-le.",
    ),
    (
        'The stream of this event must begin with "{0}". Rename it.',
        "Le nom du fil de cet événement doit commencer par « {0} ». Renommez-le.",
    ),
    ("Unknown field beside events. Remove it.", "Champ inconnu à côté de events. Supprimez-le."),
    ("This must be a JSON array of events.", "La valeur doit être un tableau JSON d’événements."),
    ("At least one event is needed.", "Il faut au moins un événement."),
    (
        "A batch has at most {0} events; this one has {1}. Send several.",
        "Un lot compte au plus {0} événements; celui-ci en compte {1}. Envoyez plusieurs lots.",
    ),
    ("Line {0}: <1>", "Ligne {0} : <1>"),
    (
        "The body is not UTF-8 (byte {0}). Encode it as UTF-8.",
        "Le corps n’est pas en UTF-8 (octet {0}). Encodez-le en UTF-8.",
    ),
    (
        "The body is nested deeper than {0} levels. No event needs that.",
        "Le corps compte plus de {0} niveaux d’imbrication. Aucun événement n’en exige autant.",
    ),
    (
        "The name {0} stands twice in one object. Give each name once.",
        "Le nom {0} figure deux fois dans un même objet. N’indiquez chaque nom qu’une fois.",
    ),
    ("The body is not JSON: {0}. Correct it there.", "Le corps n’est pas du JSON : {0}. Corrigez-le à cet endroit."),
    (
        "This field is required to keep the record times. Add it, or leave --keep-recorded-at out.",
        "Ce champ est obligatoire pour conserver les moments d’inscription. Ajoutez-le ou omettez --keep-recorded-at.",
    ),
    ("this is not CSV: {0}", "ce n’est pas du CSV : {0}"),
    (
        "this is not UTF-8 (byte {0} of the line); save it as UTF-8",
        "ce n’est pas de l’UTF-8 (octet {0} de la ligne); enregistrez le fichier en UTF-8",
    ),
    (
        'the first row must name the columns, "type" among them; known are {0}',
        "la première ligne doit nommer les colonnes, dont « type »; les colonnes connues sont {0}",
    ),
    ("there is no column {0}; rename or remove it", "la colonne {0} n’existe pas; renommez-la ou supprimez-la"),
    ("the column {0} stands twice; keep one", "la colonne {0} figure deux fois; n’en conservez qu’une"),
    (
        "this row has {0} cells, the header {1}; quote cells that hold commas",
        "cette ligne compte {0} cellules, et l’en-tête, {1}; mettez entre guillemets les cellules qui contiennent des "
        "virgules",
    ),
    (
        "give {0}; write it as JSON when a part holds a |",
        "indiquez {0}; écrivez la valeur en JSON si une partie contient |",
    ),
    ("this cell is not JSON (<0>)", "cette cellule n’est pas du JSON (<0>)"),
    # Queries and clocks
    ("This must be a whole number from {0} to {1}.", "La valeur doit être un nombre entier de {0} à {1}."),
    ("This must be a number of seconds from 0 to 30.", "La valeur doit être un nombre de secondes de 0 à 30."),
    ("This must be true or false.", "La valeur doit être true ou false."),
    (
        "At most {0} values are allowed here; {1} given.",
        "Nombre maximal de valeurs permis ici : {0}; nombre fourni : {1}.",
    ),
    (
        "Give {0} different values separated by a comma, such as CA,GB.",
        "Indiquez {0} valeurs différentes séparées par une virgule, p. ex. CA,GB.",
    ),
    ("Unknown parameter. Those known here are: {0}.", "Paramètre inconnu. Les paramètres connus ici sont : {0}."),
    (
        "This is not UTF-8. Percent-encode the text as UTF-8.",
        "Ce n’est pas de l’UTF-8. Encodez le texte en UTF-8, puis appliquez l’encodage-pourcent.",
    ),
    ("Give known_at or at_position, not both.", "Indiquez known_at ou at_position, et non les deux."),
    ("Give known_at or a position, not both.", "Indiquez known_at ou une position, et non les deux."),
    (
        "The log ends at position {0}. Give one up to that.",
        "Le registre se termine à la position {0}. Indiquez une position qui ne la dépasse pas.",
    ),
    (
        "The log ends at position {0}. Begin at or before it.",
        "Le registre se termine à la position {0}. Commencez à cette position ou avant.",
    ),
    (
        "This must be a position, as the id of an event had it.",
        "La valeur doit être une position, telle que l’indiquait l’identifiant d’un événement.",
    ),
    (
        "Say whose meetings to count, such as of=CA (no DEPOSITARY_HOME is set).",
        "Indiquez la partie dont les réunions sont à compter, p. ex. of=CA (DEPOSITARY_HOME n’est pas défini).",
    ),
    (
        "This cursor does not decode. Follow `next` as it was given.",
        "Ce curseur ne peut être décodé. Suivez `next` tel qu’il a été fourni.",
    ),
    (
        "This cursor belongs to other filters. Begin again without it.",
        "Ce curseur correspond à d’autres filtres. Recommencez sans lui.",
    ),
    (
        "There is no such edition. Choose one of the list.",
        "Cette édition n’existe pas. Choisissez-en une dans la liste.",
    ),
    ("No edition has been published yet.", "Aucune édition n’a encore été publiée."),
    (
        "Choose an edition for this end, or give its dates and positions, not both.",
        "Choisissez une édition pour cette borne, ou indiquez ses dates et positions, et non les deux.",
    ),
    (
        "The view has reached position {0}, not {1} yet. Ask again shortly.",
        "La vue a atteint la position {0}, mais pas encore la position {1}. Refaites la demande sous peu.",
    ),
    (
        "The log has not reached position {0} yet. Ask again shortly.",
        "Le registre n’a pas encore atteint la position {0}. Refaites la demande sous peu.",
    ),
    (
        "The view {0} has stopped: {1}. The other views go on; /readyz tells more.",
        "La vue {0} est arrêtée : {1}. Les autres vues demeurent en service; /readyz en dit plus.",
    ),
    (
        "The view {0} is being built for the first time or for this version, so far up to position {1} of {2}.",
        "La vue {0} est en construction, pour la première fois ou pour cette version, "
        "et en est à la position {1} sur {2}.",
    ),
    (
        "If-Match does not hold for what is here now. Read it again without.",
        "If-Match ne correspond pas au contenu actuel. Relisez-le sans cette condition.",
    ),
    # Refusals
    ("Reading here needs a token.", "La lecture exige un jeton."),
    (
        "This needs a token. Send Authorization: Bearer <token>.",
        "Cette opération exige un jeton. Envoyez Authorization: Bearer <token>.",
    ),
    (
        "Send the token as Authorization: Bearer <token>.",
        "Envoyez le jeton sous la forme Authorization: Bearer <token>.",
    ),
    ("The token {0} has the role {1}; this needs {2}.", "Le jeton {0} a le rôle {1}; il faut ici {2:or}."),
    ("This token is not known, has expired or was revoked.", "Ce jeton est inconnu, expiré ou révoqué."),
    (
        "At most {0} requests a minute without a token. Wait {1} s, or use a token.",
        "Sans jeton, le maximum est de {0} demandes par minute. Attendez {1} s ou utilisez un jeton.",
    ),
    ("There is no view {0}. There are: {1}.", "La vue {0} n’existe pas. Les vues sont : {1}."),
    ("There is no party {0}. <1>", "La partie {0} n’existe pas. <1>"),
    (
        "There is no action {0} as of this day, at this state of the record.",
        "L’action {0} n’existe pas à cette date et selon cet état du registre.",
    ),
    ("There is no action {0}.", "L’action {0} n’existe pas."),
    ("{0} is no action.", "{0} n’est pas une action."),
    ("There is no event {0} in the log.", "L’événement {0} ne figure pas au registre."),
    ("There is no stream {0}.", "Le fil {0} n’existe pas."),
    ("There is no form for {0}.", "Il n’y a pas de formulaire pour {0}."),
    (
        "There is no partnership or agreement {0} as of this day, at this state of the record.",
        "Le partenariat ou l’accord {0} n’existe pas à cette date et selon cet état du registre.",
    ),
    (
        "There is no such import in this session, or it was thrown away.",
        "Cette importation n’existe pas dans la session en cours, ou elle a été abandonnée.",
    ),
    (
        "Send application/json, or application/x-ndjson with one event a line, in UTF-8.",
        "Envoyez application/json, ou application/x-ndjson avec un événement par ligne, en UTF-8.",
    ),
    ("Send the body uncompressed.", "Envoyez le corps sans compression."),
    ("Answers here are {0}. Accept that, or */*.", "Les réponses sont ici {0:or}. Acceptez ce type de média, ou */*."),
    (
        "oEmbed is answered in JSON here. Ask for format=json.",
        "La réponse oEmbed est ici en JSON. Demandez format=json.",
    ),
    (
        "This is not the address of tallies or of a timeline here.",
        "Ce n’est pas l’adresse de décomptes ni d’une chronologie de ce service.",
    ),
    (
        'PNG needs the package {0}. Install it with pip install "depositary[png]".',
        'Le format PNG exige le paquet {0}. Installez-le avec pip install "depositary[png]".',
    ),
    ("The package {0} cannot draw here: {1}", "Le paquet {0} ne peut dessiner ici : {1}"),
    (
        "Letters do not appear in a picture drawn here: the font cannot be read.",
        "Les lettres n’apparaissent pas dans l’image produite : la police de caractères est illisible.",
    ),
    (
        "The database does not answer just now. Try again shortly.",
        "La base de données ne répond pas pour l’instant. Réessayez sous peu.",
    ),
    (
        "This parameter is given more than once. Give it once.",
        "Ce paramètre est donné plus d’une fois. Donnez-le une seule fois.",
    ),
    ("The database is occupied. Try again shortly.", "La base de données est occupée. Réessayez sous peu."),
    (
        "Too many live streams are open here. Try again later.",
        "Trop de flux en direct sont ouverts. Réessayez plus tard.",
    ),
    ("Too many appends are waiting. Try again shortly.", "Trop d’ajouts sont en attente. Réessayez sous peu."),
    (
        "The log could not be written in time; nothing was appended.",
        "Le registre n’a pu recevoir l’inscription à temps; rien n’a été ajouté.",
    ),
    (
        "The log could not be written just now. Send the same again, with the same ids.",
        "Le registre n’a pu recevoir l’inscription. Envoyez la même chose de nouveau, avec les mêmes identifiants.",
    ),
    ("<0> ({1} errors in all; see errors.)", "<0> (Nombre total d’erreurs : {1}; voir errors.)"),
)
"""Every sentence in both languages."""

BETWEEN = {"or": (" or ", " ou "), "on": (" on ", ", ")}
"""What stands between the values of one hole, in both languages."""

DEEPEST = 4
"""How many sentences may stand within each other."""

_HOLE = re.compile(r"\{([0-9])(?::([a-z]+))?\}|<([0-9])>")
_NAMED = re.compile(r"([\w./-]+): (.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Template:
    """The texts of an English sentence around its holes, the names of these, and the French."""

    texts: tuple[str, ...]
    holes: tuple[str, ...]
    said: str


def french(sentence: str) -> str | None:
    """The sentence in French, with the same values; None when it is not known."""
    return _said(sentence, DEEPEST) if len(sentence) <= LONGEST else None


def _said(sentence: str, depth: int) -> str | None:
    whole = catalogue("fr").get(sentence)
    if isinstance(whole, str):
        return whole
    if not depth:
        return None
    named = _NAMED.fullmatch(sentence)
    about = named and _said(named[2], depth - 1)
    if named and about:
        return f"{named[1]} : {about}"
    for template in _templates():
        values = _values(template, sentence)
        filled = None if values is None else _filled(template.said, values, depth - 1)
        if filled is not None:
            return filled
    return None


def _most(pair: tuple[str, str]) -> tuple[bool, int]:
    holes = [hole[0] for hole in _HOLE.finditer(pair[0])]
    return any(hole.startswith("<") for hole in holes), len(_HOLE.sub("", pair[0]))


@cache
def _templates() -> tuple[_Template, ...]:
    """Every sentence taken apart; first those with others in them, then those that say most."""
    most_first = sorted(SENTENCES, key=_most, reverse=True)
    return tuple(
        _Template(
            texts=tuple(_HOLE.sub("\0", english).split("\0")),
            holes=tuple(hole[0] for hole in _HOLE.finditer(english)),
            said=_typeset(said),
        )
        for english, said in most_first
    )


def _values(template: _Template, sentence: str) -> dict[str, str] | None:
    """What stands in the holes; None when the sentence is another. One pass, whatever comes.

    The first holes are as short as can be; a sentence that stands first is as long as can be.
    """
    first, *others = template.texts
    if not others:
        return {} if sentence == first else None
    *within, last = others
    if len(first) + len(last) > len(sentence) or not (sentence.startswith(first) and sentence.endswith(last)):
        return None
    rest = sentence[len(first) : len(sentence) - len(last)]
    values: list[str] = []
    if template.holes[0].startswith("<"):
        for text in reversed(within):
            rest, found, value = rest.rpartition(text)
            if not found:
                return None
            values.insert(0, value)
        return dict(zip(template.holes, [rest, *values], strict=True))
    for text in within:
        value, found, rest = rest.partition(text)
        if not found:
            return None
        values.append(value)
    return dict(zip(template.holes, [*values, rest], strict=True))


def _filled(said: str, values: Mapping[str, str], depth: int) -> str | None:
    """The French with the values in their places; None when a sentence within is not known."""
    inner = {hole: _said(text, depth) for hole, text in values.items() if hole.startswith("<")}
    if None in inner.values():
        return None

    def value(hole: re.Match[str]) -> str:
        if hole[3]:
            return str(inner[hole[0]])
        text = values[f"{{{hole[1]}}}"]
        return text.replace(*BETWEEN[hole[2]]) if hole[2] else text

    return _HOLE.sub(value, said)


def _typeset(said: str) -> str:
    """The text with spaces that do not break."""
    for breaking in (" :", " »", "« ", "p. ex."):
        said = said.replace(breaking, breaking.replace(" ", "\N{NO-BREAK SPACE}"))
    return said
