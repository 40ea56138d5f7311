"""What MLflow's own client of its scoring protocol sees."""

import json
import os

import pandas
import requests
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

client = ScoringServerClient("127.0.0.1", int(os.environ["PORT"]))
client.wait_server_ready(timeout=10, scoring_server_proc=None)
rows = pandas.DataFrame(
    {
        "distance": [900.0, None],
        "hour": [12, 6],
        "carrier": ["B6", "AA"],
        "origin": ["JFK", None],
    }
)
answer = client.invoke(rows).get_predictions()
probabilities = client.invoke(rows, params={"output": "probabilities"}).get_predictions()
try:
    client.invoke(rows.rename(columns={"hour": "our"}))
    refusal = None
except Exception as error:
    refusal = str(error)
url = f"http://127.0.0.1:{os.environ['PORT']}/invocations"
table = requests.post(
    url, data=rows.to_csv(index=False), headers={"content-type": "text/csv; charset=utf-8"}, timeout=10
)

print(
    json.dumps(
        {
            "version": client.get_version(),
            "labels": answer[answer.columns[0]].tolist(),
            "probabilities": probabilities.to_numpy().tolist(),
            "refusal": refusal,
            "csv": table.json(),
        }
    )
)
