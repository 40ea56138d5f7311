/**
 * Reasons of decisions in Portuguese, by code. `{name}` is filled from the reason's values,
 * `{name:percent}` as a percentage. A test checks that no code of any stage is missing.
 */
export const REASONS_PT_BR: Readonly<Record<string, string>> = {
  // Problem
  'rows-enough': '{rows} linhas, {needed} necessárias',
  'rows-too-few': 'só {rows} linhas, {needed} necessárias',
  'minority-enough': 'a classe mais rara, "{label}", tem {count} linhas ({share:percent})',
  'minority-too-rare': 'a classe mais rara, "{label}", tem só {count} linhas ({share:percent})',
  'data-fresh': 'a linha mais nova tem {ageDays} dias',
  'data-too-old': 'a linha mais nova tem {ageDays} dias; o máximo é {boundDays}',
  'perfect-model-pays':
    'em {horizonMonths} meses, um modelo perfeito renderia {bestReturn} {currency} depois dos custos',
  'perfect-model-does-not-pay':
    'nem um modelo perfeito se pagaria: {bestReturn} {currency} em {horizonMonths} meses',
  'value-not-declared': 'nenhum valor foi declarado, então não se estima retorno',
  // Preparation
  'leakage-future-information': '{subject}: {rows} linhas com informação do futuro',
  'leakage-shared-rows':
    '{share:percent} das linhas de {part} são iguais a uma linha de treino em todas as entradas; limite {bound:percent}',
  'leakage-single-column': '{column} sozinha alcança {metric} de {score}; limite {bound}',
  // Selection
  declared: 'Declarado no arquivo do projeto.',
  'reference-always-competes': 'Uma referência que todo modelo precisa superar.',
  'linear-readable': 'Um modelo linear pode ser lido, ajusta-se rápido e é difícil de enganar.',
  'too-many-rows-for-kernel':
    'Só margem linear: o custo de um kernel cresce com o quadrado de {rows} linhas.',
  'too-many-texts-for-kernel':
    'Só margem linear: um texto de {distinct} valores esvazia o sentido das distâncias.',
  'kernel-small-data': 'Uma máquina de kernel encontra fronteiras curvas em poucas linhas.',
  'not-interpretable': 'O problema pede um modelo que pessoas possam ler.',
  'trees-capped': 'No máximo {trees} árvores, para responder em {latencyP99Ms} ms.',
  'forest-too-large': 'Uma floresta não cabe em {modelSizeMb} MB.',
  'forest-robust': 'Uma floresta encontra interações e pede pouco ajuste.',
  'too-few-rows-for-boosting':
    'Boosting não é tentado com {rows} linhas: precisa de cerca de {least}.',
  'boosting-tables': 'Árvores com boosting costumam ser as mais fortes em tabelas.',
  'too-few-members': 'Uma votação precisa de dois candidatos diferentes.',
  'vote-averages': 'A votação de modelos diferentes compensa os erros de cada um.',
  'k-means-clusters': 'k-means encontra grupos de linhas parecidas e dá um centro a cada um.',
  // Gate
  'bound-kept': '{metric} é {value}; exigido {bound}',
  'bound-broken': '{metric} é {value}, mas se exige {bound}',
  'bound-missing': 'o critério de {metric} não traz limite',
  'metric-missing': '{metric} não está definida nas linhas de teste',
  'interval-missing': '{metric} não tem o intervalo de confiança que o critério pede',
  'baseline-beaten': '{metric} é {value} contra {baseline} da referência ({against})',
  'baseline-not-beaten':
    '{metric} é {value} contra {baseline} da referência ({against}): não basta',
  'baseline-missing': 'a referência ({against}) não foi avaliada',
  'no-champion': 'ainda não há versão em produção, portanto não há campeão para comparar',
  'comparison-missing': '{metric} não foi comparada com a versão {champion}',
  'champion-beaten':
    'a vantagem sobre a versão {champion} em {metric} é {difference} ({low} a {high})',
  'champion-not-beaten':
    'a vantagem sobre a versão {champion} em {metric} é {difference} ({low} a {high}): não basta',
  'champion-matched':
    'a diferença para a versão {champion} em {metric} é {difference} ({low} a {high}): não é pior',
  'champion-not-matched':
    'a diferença para a versão {champion} em {metric} é {difference} ({low} a {high}): pode ser pior',
  'latency-missing': 'o arquivo servido não foi cronometrado nem pesado',
  'latency-kept': 'a latência {percentile} é de {ms} ms; o máximo é {atMostMs} ms',
  'latency-exceeded': 'a latência {percentile} é de {ms} ms, acima de {atMostMs} ms',
  'size-kept': 'o modelo tem {mb} MB; o máximo é {atMostMb} MB',
  'size-exceeded': 'o modelo tem {mb} MB, acima de {atMostMb} MB',
  'column-not-measured': 'os grupos de {column} não foram medidos',
  'groups-too-small': 'poucos grupos de {column} têm linhas bastantes para julgar',
  'fairness-kept': 'a diferença entre grupos de {column} está dentro do limite ({gap})',
  'fairness-exceeded': 'a diferença entre grupos de {column} passa do limite ({gap})',
  'slices-kept': 'a pior fatia de {column} ({slice}) tem {metric} de {value}',
  'slices-broken': 'a pior fatia de {column} ({slice}) tem {metric} de {value}: não basta',
  'slice-metric-missing': '{metric} não está definida nestas fatias de {column}: {slices}',
  'robustness-missing': '{metric} não foi medida sob ruído, valores ausentes ou nunca vistos',
  'robustness-kept': '{metric} resiste às perturbações; a pior é {attack}',
  'robustness-exceeded': '{metric} perde demais sob {attack}',
  'criteria-passed': 'nenhuma exigência foi violada; {passed} de {criteria} critérios passaram',
  'criteria-failed': '{failed} de {criteria} critérios falharam',
  'warning-failed': 'só um aviso: "{name}" falhou',
  // Tuning
  'verdict-is-yes': 'a verificação disse sim; não há o que corrigir',
  'rounds-used-up': 'todas as {rounds} rodadas de ajuste foram usadas',
  'nothing-tunable': 'nenhum candidato tem parâmetros para ajustar',
  'nothing-mendable': 'uma busca de parâmetros não corrige nenhum dos critérios que falharam',
  'not-mendable': 'o critério "{criterion}" não é do tipo que uma busca de parâmetros corrige',
  'before-first-verdict': 'o projeto pede ajuste antes do primeiro veredito',
  'candidate-tuned': '{candidate} é ajustado',
  'metric-follows-criterion':
    'a busca procura a melhor {metric}, como pede o critério "{criterion}"',
  'metric-follows-ranking':
    'a busca procura a melhor {metric}, pois os candidatos são ordenados por {wanted}',
  // Deployment
  'first-version': 'a primeira versão do endpoint recebe todo o tráfego',
  'blue-green-switch': 'todo o tráfego passa para a nova versão; a anterior continua pronta',
  'canary-started': 'a versão {version} recebe {percent} % do tráfego, ao lado da estável',
  'canary-passed':
    'a versão {version} respeitou os limites do canário até o último passo; um teste A/B mede agora quanto ela vale',
  'already-stable': 'esta versão já responde a todo o tráfego',
  'already-canary': 'esta versão já está sendo implantada',
  'no-canary': 'nenhuma implantação em andamento',
  'policy-changed': 'a política agora é {kind}: a versão {version} recebe todo o tráfego',
  'bake-not-over': 'o passo ainda está em observação: {elapsed} de {bake}',
  'bake-over': 'o passo foi observado por tempo bastante: {elapsed} de {bake}',
  'requests-awaited': 'a nova versão recebeu {requests} de {needed} requisições',
  'stable-requests-awaited':
    'a versão estável recebeu {requests} de {needed} requisições para comparar',
  'stable-without-traffic': 'a versão estável não tem tráfego para comparar',
  'error-rate-kept':
    'falharam {canaryRate:percent} das requisições da nova versão e {stableRate:percent} das da estável',
  'error-rate-exceeded':
    'falharam {canaryRate:percent} das requisições da nova versão contra {stableRate:percent}: demais',
  'latency-ratio-kept': 'a latência p95 é de {canaryMs} ms contra {stableMs} ms na estável',
  'latency-ratio-exceeded':
    'a latência p95 é de {canaryMs} ms contra {stableMs} ms na estável; são aceitas até {maxRatio} vezes',
  'latency-not-measured': 'a latência não foi medida nas duas versões',
  'value-kept': 'uma decisão vale {canary} contra {stable} na estável',
  'value-exceeded':
    'uma decisão vale {canary} contra {stable} na estável: perda acima de {maxLoss}',
  'labels-awaited':
    '{subject} precisa de {needed} previsões rotuladas de cada lado; nova {canary}, estável {stable}',
  'canary-withdrawn': 'a nova versão foi retirada',
  'stable-rolled-back': 'todo o tráfego volta à versão anterior',
  'asked-for': 'pedido de {by}: {reason}',
  'promoted-early':
    'a versão {version} recebe todo o tráfego antes do fim da implantação: {reason}',
  'rollout-aborted': 'a versão {version} foi retirada; a versão {stable} responde a tudo: {reason}',
  'drift-kept': 'as previsões das duas versões diferem por um PSI de {psi}',
  'drift-exceeded': 'as previsões das duas versões diferem por um PSI de {psi}; o máximo é {max}',
  'drift-awaited': 'ainda não se podem comparar as previsões das duas versões',
  'quality-kept': '{metric} é {canary} contra {stable} na estável',
  'quality-exceeded':
    '{metric} é {canary} contra {stable} na estável: pior além do permitido ({maxLoss})',
  'ab-test-started':
    'a versão {version} responde a {percent} % das chaves, ao lado da estável; decide {metric}',
  'samples-awaited':
    'cada braço precisa de {needed} chaves rotuladas; controle {control}, tratamento {treatment}',
  'metric-constant': '{metric} não varia em nenhum dos braços, e nada se pode concluir',
  'arms-observed':
    '{metric} em média: tratamento {treatmentMean} em {treatmentLabelled} chaves rotuladas de {treatmentKeys}; controle {controlMean} em {controlLabelled} de {controlKeys}',
  'difference-open': '{metric} difere em {estimate} ({low} a {high}): ainda indefinido',
  'treatment-won': 'a nova versão é melhor: {metric} difere em {estimate} ({low} a {high})',
  'treatment-lost': 'a nova versão é pior: {metric} difere em {estimate} ({low} a {high})',
  'test-futile':
    '{metric} difere em {estimate} ({low} a {high}): menos que o ganho mínimo de {minEffect}',
  'test-time-up': 'sem vencedor em {days} dias: a versão estável fica',
  'money-difference':
    'em dinheiro: {perDecision} {currency} por decisão ({perDecisionLow} a {perDecisionHigh}); por mês, {value} ({low} a {high})',
  'shadow-started': 'a versão {version} vê {percent} % das requisições depois de respondidas',
  'shadow-report':
    '{compared} linhas comparadas, {failed} requisições falharam, {dropped} foram descartadas',
  'clock-set': 'o relógio foi acertado: a etapa, iniciada em {before}, recomeça',
  'shadow-time-up': 'o prazo da sombra acabou com {compared} linhas comparadas: é pouco',
  'difference-kept': 'as previsões diferem em média {mean}',
  'difference-exceeded': 'as previsões diferem em média {mean}; o máximo é {max}',
  'decisions-kept': '{share:percent} das decisões mudam',
  'decisions-exceeded': '{share:percent} das decisões mudam; o máximo é {max:percent}',
  'already-serving': 'esta versão já atende o endpoint ou está a caminho',
  'endpoint-moved-on':
    'o endpoint mudou depois do instante que esta execução considera; ficou como está',
  // Retraining
  'no-window': 'nenhuma janela foi observada ainda',
  'window-not-judged': 'a janela mais nova tem {predictions} previsões, poucas para julgar',
  'windows-not-enough': 'o sinal apareceu em {running} de {needed} janelas seguidas',
  'labels-too-few': '{labels} previsões da janela têm rótulo; {needed} são necessárias',
  'metric-not-measured': '{metric} não está definida nas previsões rotuladas da janela',
  'baseline-metric-missing': 'a avaliação da versão não tem {metric} para comparar',
  'performance-kept':
    '{metric} é {value} contra {baseline} no teste: perda de {loss}, até {maxLoss} é aceita',
  'performance-lost':
    '{metric} é {value} contra {baseline} no teste: perda de {loss}, acima de {maxLoss}',
  'inputs-stable': '{drifted} entradas com desvio acima do alerta; {minInputs} seriam demais',
  'inputs-drifted': '{drifted} entradas com desvio acima do alerta: {inputs}',
  'calibration-not-measured': 'a diferença de calibração não foi medida',
  'calibration-kept': 'a calibração se afastou {shift} do teste; até {maxCalibrationGap} é aceito',
  'calibration-parted': 'a calibração se afastou {shift} do teste, acima de {maxCalibrationGap}',
  'schedule-not-due': 'treinado em {last}; o próximo treino é em {due}',
  'schedule-due': 'treinado em {last}; o prazo de {every} venceu',
  'no-triggers': 'o projeto não declara gatilhos de retreinamento',
  'no-trigger-fired': 'nenhum dos {triggers} gatilhos disparou',
  'trigger-fired': 'o gatilho "{name}" disparou',
  'rollout-under-way':
    'a versão {challenger} está sendo implantada; outra não é treinada antes do fim',
  'cooling-down': 'houve um retreinamento em {last}; o próximo pode vir em {until}',
}
