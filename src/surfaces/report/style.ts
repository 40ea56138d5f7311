/** The report's whole style, inlined so that the file stands alone. */
export const STYLE = `
:root{--ink:#0f172a;--soft:#475569;--line:#e2e8f0;--paper:#fff;--ground:#f8fafc;--good:#00805c;--bad:#c2410c;--accent:#0072b2}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1120px;margin:0 auto;padding:24px 20px 80px}[hidden]{display:none!important}
header{display:flex;gap:16px;align-items:baseline;flex-wrap:wrap;margin-bottom:8px}h1{font-size:28px;margin:0}h2{font-size:20px;margin:0 0 4px}h4{margin:20px 0 6px}
.languages{position:sticky;top:0;background:var(--ground);border-bottom:1px solid var(--line);text-align:right;padding:8px 20px;z-index:2}
.languages button{border:1px solid var(--line);background:var(--paper);padding:4px 12px;border-radius:6px;cursor:pointer;font:inherit;color:var(--soft)}
.languages button[aria-pressed=true]{background:var(--accent);border-color:var(--accent);color:#fff}
.lead{color:var(--soft);margin:0 0 14px}.small{font-size:12px;color:var(--soft)}code{font:12px ui-monospace,Menlo,monospace}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:12px;margin:18px 0}
.tile{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:12px 14px}.tile b{display:block;font-size:21px;font-variant-numeric:tabular-nums}.tile span{color:var(--soft);font-size:13px}
section{background:var(--paper);border:1px solid var(--line);border-radius:12px;padding:20px 22px;margin:18px 0;scroll-margin-top:56px}
section h2 .index{display:inline-block;min-width:28px;height:28px;line-height:28px;border-radius:14px;text-align:center;background:var(--accent);color:#fff;font-size:14px;margin-right:10px}
.belt ol{list-style:none;display:grid;grid-template-columns:repeat(13,1fr);gap:6px;margin:18px 0 0;padding:0}
.belt a{display:flex;flex-direction:column;align-items:center;gap:3px;padding:9px 2px;border-radius:9px;border:1px solid var(--line);background:var(--paper);text-decoration:none;color:var(--ink);font-size:11px;text-align:center;overflow-wrap:anywhere;height:100%}
.belt .index{width:24px;height:24px;border-radius:12px;line-height:24px;color:#fff;font-weight:600;background:#94a3b8;font-size:12px}.belt .done .index{background:var(--good)}.belt .stopped .index{background:var(--bad)}.belt .waiting a{color:var(--soft);border-style:dashed}.belt .time{color:var(--soft);font-size:10px}.loop{width:100%;display:block}
.scroll{overflow-x:auto;margin:10px 0}table{border-collapse:collapse;width:100%;font-size:13.5px}th,td{text-align:left;padding:6px 10px;border-bottom:1px solid var(--line);vertical-align:top}th{color:var(--soft);font-weight:600;font-size:12px;white-space:nowrap}th.number{text-align:right}td.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
dl{display:grid;gap:6px;margin:12px 0}dl div{display:grid;grid-template-columns:200px 1fr;gap:10px}dt{color:var(--soft);font-size:13px}dd{margin:0}
.badge{display:inline-block;padding:1px 10px;border-radius:10px;font-size:12px;font-weight:600;color:#fff;background:var(--good)}.badge.bad{background:var(--bad)}.badge.plain{background:var(--soft)}.bad{color:var(--bad)}.badge.bad{color:#fff}
.decision{font-size:16px;margin:8px 0}ul.reasons{margin:2px 0;padding-left:18px}blockquote{margin:0 0 12px;padding:6px 16px;border-left:4px solid var(--accent);font-size:17px}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:10px;align-items:start}figure{margin:0;overflow:hidden}figure.wide{grid-column:1/-1;max-width:780px;margin:0 auto;width:100%}figure svg{width:100%;height:auto;display:block}summary{cursor:pointer;color:var(--accent)}
@media(max-width:820px){.belt ol{grid-template-columns:repeat(4,1fr)}.loop{display:none}.grid{grid-template-columns:1fr}dl div{grid-template-columns:1fr}}
@media print{.languages{display:none}section{break-inside:avoid;border:0}details{display:block}}
`

/** Switches the language; without scripts both languages stand one after the other. */
export const SCRIPT = `
const choose=(language)=>{for(const main of document.querySelectorAll('main'))main.hidden=main.lang!==language;for(const button of document.querySelectorAll('.languages button'))button.setAttribute('aria-pressed',String(button.value===language));document.documentElement.lang=language};
for(const button of document.querySelectorAll('.languages button'))button.addEventListener('click',()=>choose(button.value));
choose(navigator.language.toLowerCase().startsWith('pt')?'pt-BR':'en');
`
