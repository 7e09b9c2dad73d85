import time, http.client
from urllib.parse import urlsplit
import psycopg
from api.artefacts.building import build
from db.publication import publish
from api.settings import Settings
from tests.servers import running_server
def test_x(own_demo_database, tmp_path):
    out=open("/tmp/speed.out","w")
    with psycopg.connect(own_demo_database.owner_url) as c:
        c.execute("""INSERT INTO registry.strategy (slug, title, source_id, external_key, status)
        SELECT 'strategie-'||n, 'Strategie '||n, (SELECT id FROM registry.source WHERE slug='quartier'), 'n'||n, 'published' FROM generate_series(1,454) n""")
    publish(own_demo_database.owner_url)
    t=time.time(); m=build(Settings(catalog_indicators="indicator"), own_demo_database.public_url, tmp_path); print("build", time.time()-t, m.seconds, file=out)
    with running_server(own_demo_database.public_url, ARTEFACTS=str(tmp_path)) as url:
        h=http.client.HTTPConnection(urlsplit(url).netloc)
        def once(path, enc):
            h.request("GET", path, headers={"Accept-Encoding": enc}); r=h.getresponse(); b=r.read(); assert r.status==200; return len(b)
        for enc in ("gzip","identity"):
            for path in ("/v1/strategies?limit=400","/catalog.ttl","/catalog.ttl?page=all","/catalog.rdf","/catalog/datasets/offerings.ttl","/v1/offerings?limit=10"):
                t=time.perf_counter(); n=once(path,enc); first=time.perf_counter()-t
                k=60; t=time.perf_counter()
                for _ in range(k): once(path,enc)
                d=(time.perf_counter()-t)/k
                print(f"{enc:9} {path:32} {n:9} bytes first {first*1000:8.1f} ms then {d*1000:7.2f} ms  {n/d/1e6:8.1f} MB/s", file=out, flush=True)
        h.close()
