"""The built-in teaching corpus: emotional speech by rule, so that every command can be tried without data.

Twelve speakers say five sentences in four emotions, spoken by the synthesiser inside Praat (eSpeak). It is made to be
like acted speech in what matters to a learner: speakers differ more than emotions do, emotions overlap, and only the
speech tells them apart, not the silence, noise or level around it. It says nothing about how people feel.

`recipe` is what is said and how, `render` says it (in a process of its own), `store` keeps it. `faults` are mistakes
that can be planted in it, and `alter` does to recordings what they ask for.
"""
