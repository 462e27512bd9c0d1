"""Times what the agent does, from outside: it changes something, and watches until the API server tells that the agent answered.

  agent_meter.py drift NAMESPACE COUNT           a label of Git's is changed, until it is Git's again
  agent_meter.py webhook NAMESPACE COUNT URL TOKEN PUSH
                                                  PUSH (a command) pushes a change of web-0, URL is called, until web-0 is changed

Prints one number a line, milliseconds. KUBECONFIG names the cluster, by client certificates as tests/cluster writes it.
"""

import base64
import http.client
import json
import os
import queue
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request


class Server:
    def __init__(self):
        text = subprocess.run(["kubectl", "config", "view", "--raw", "--flatten", "--minify", "-o", "json"], check=True,
                              capture_output=True).stdout
        config = json.loads(text)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.address = urllib.parse.urlparse(cluster["server"])
        self.context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        with tempfile.TemporaryDirectory() as where:
            paths = []
            for key in ("client-certificate-data", "client-key-data"):
                paths.append(os.path.join(where, key))
                with open(paths[-1], "wb") as file:
                    file.write(base64.b64decode(user[key]))
            self.context.load_cert_chain(*paths)

    def connect(self):
        return http.client.HTTPSConnection(self.address.hostname, self.address.port, context=self.context)


METADATA = {"Accept": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", "User-Agent": "plumb-bench"}


class Watch(threading.Thread):
    """Puts (time, name, metadata) of every change into a queue."""

    def __init__(self, server, path):
        super().__init__(daemon=True)
        self.events = queue.Queue()
        self.connection = server.connect()
        self.connection.request("GET", path + "?limit=1", headers={"User-Agent": "plumb-bench"})
        version = json.load(self.connection.getresponse())["metadata"]["resourceVersion"]
        self.connection.request("GET", path + "?watch=true&resourceVersion=" + version, headers=METADATA)
        self.answer = self.connection.getresponse()
        self.start()

    def run(self):
        for line in self.answer:
            now = time.monotonic()
            metadata = json.loads(line)["object"]["metadata"]
            self.events.put((now, metadata["name"], metadata))

    def until(self, name, is_it):
        while True:
            now, its_name, metadata = self.events.get(timeout=30)
            if its_name == name and is_it(metadata):
                return now


def drift(server, ns, count):
    path = f"/apis/apps/v1/namespaces/{ns}/deployments"
    watch = Watch(server, path)
    connection = server.connect()
    body = json.dumps({"metadata": {"labels": {"part": "drift"}}})
    for i in range(count):
        name = f"web-{i}"
        begin = time.monotonic()
        connection.request("PATCH", f"{path}/{name}?fieldManager=bench-{i}", body,
                           {"Content-Type": "application/merge-patch+json", "User-Agent": "plumb-bench"})
        connection.getresponse().read()
        watch.until(name, lambda metadata: metadata["labels"]["part"] == "drift")
        yield watch.until(name, lambda metadata: metadata["labels"]["part"] == "bench") - begin
        time.sleep(0.02)


def webhook(server, ns, count, url, token, push):
    path = f"/apis/apps/v1/namespaces/{ns}/deployments"
    watch = Watch(server, path)
    seen = [None]

    def is_new(metadata):
        digest = metadata["annotations"]["plumb.dev/digest"]
        other, seen[0] = digest != seen[0], digest
        return other

    connection = server.connect()
    connection.request("GET", f"{path}/web-0", headers=METADATA)
    is_new(json.load(connection.getresponse())["metadata"])
    for _ in range(count):
        subprocess.run(push, shell=True, check=True)
        begin = call(url, token)
        yield watch.until("web-0", is_new) - begin
        time.sleep(0.3)


def call(url, token):
    """Calls the webhook; returns when that began. One that is limited (429) is acted on too, only later."""
    begin = time.monotonic()
    try:
        urllib.request.urlopen(urllib.request.Request(url, b"{}", {"X-Gitlab-Token": token})).read()
    except urllib.error.HTTPError as refusal:
        if refusal.code != 429:
            raise
    return begin


def main():
    what, ns, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    run = {"drift": drift, "webhook": webhook}[what]
    for seconds in run(Server(), ns, count, *sys.argv[4:]):
        print(f"{seconds * 1000:.1f}", flush=True)


main()
