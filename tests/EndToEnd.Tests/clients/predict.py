"""Calls /predict as tutorials of a Flask service do, with Python's own HTTP client, and prints the answers as one JSON list.

TOLLGATE_PREDICT  address of /predict     TOLLGATE_KEY  a key
"""
import json
import os
import urllib.request


def predict(data, headers):
    request = urllib.request.Request(
        os.environ["TOLLGATE_PREDICT"], data=json.dumps({"data": data}).encode(),
        headers={"Authorization": "Bearer " + os.environ["TOLLGATE_KEY"], **headers})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


NAMED = {"Content-Type": "application/json"}
print(json.dumps([
    predict("I hate machine learning", NAMED),
    predict("I love machine learning", NAMED),
    predict("I love machine learning", {}),  # urllib then calls the body a form.
    predict(["I hate machine learning", "I love machine learning"], NAMED),
]))
