import time
from pathlib import Path
from api.artefacts.building import build
from api.settings import Settings
def test_x(demo_database, tmp_path):
    t=time.time()
    m=build(Settings(), demo_database.public_url, Path("/tmp/cat-out"))
    print(time.time()-t, len(m.files))
