#!/usr/bin/env python3
"""tools/package/Containerfile and doc/container.md agree with the program and with each other: packages, paths,
users, ports, the names of environment variables. container.py builds the image and runs it."""
import glob
import os
import re
import shlex
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import Skip, binary, equal, track, true  # noqa: E402

KEYS = {"BENTO_SITE_UUID": spooltest.SITE_UUID, "BENTO_PUBLISHABLE_KEY": spooltest.PUBLISHABLE_KEY,
        "BENTO_SECRET_KEY": spooltest.SECRET_KEY, "BENTOSPOOL_WRITE_KEYS": "shop"}


def text(path):
    with open(os.path.join(spooltest.srcdir(), path), encoding="utf-8") as file:
        return file.read()


def stages():
    """Returns the instructions of each stage, as pairs of the word and its arguments."""
    lines = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text("tools/package/Containerfile"), flags=re.M))
    found = []
    for word, arguments in re.findall(r"^([A-Z]+) +(.*)$", lines, re.M):
        if word == "FROM":
            found.append([])
        found[-1].append((word, arguments))
    return found


def instruction(name):
    """Returns the arguments of the one such instruction of the last stage."""
    found = [arguments for word, arguments in stages()[-1] if word == name]
    equal(len(found), 1, f"{name} in the last stage")
    return found[0]


def image_environment():
    return dict(word.split("=", 1) for word in shlex.split(instruction("ENV")))


def installed(stage):
    """Returns the packages that the stage installs."""
    command = next(arguments for word, arguments in stage if word == "RUN" and "apt-get install" in arguments)
    return set(re.search(r"--no-install-recommends (.*?)(?: &&|$)", command).group(1).split())


def documents():
    """Returns the YAML documents of doc/container.md: the service of Compose, and the objects of Kubernetes."""
    try:
        import yaml  # pylint: disable=import-outside-toplevel
    except ImportError as e:
        raise Skip("there is no python3-yaml") from e
    compose, kubernetes = (list(yaml.safe_load_all(block)) for block in re.findall(
        r"^```yaml\n(.*?)^```$", text("doc/container.md"), re.M | re.S))
    equal(len(compose), 1, "documents for Compose")
    return compose[0], {item["kind"]: item for item in kubernetes}


def accepts(bench, environment):
    """check accepts the variables, and knows each of them."""
    done = bench.run(binary("bentospool"), "check", env={
        "BENTOSPOOL_CONFIG": bench.write("empty.conf", ""), "BENTOSPOOL_DATABASE": bench.database, **environment})
    equal((done.returncode, done.stderr), (0, f"bentospool: {bench.path('empty.conf')} is valid\n"),
          f"check with {sorted(environment)}")
    return done.stdout


def test_build(bench):
    """the image is built from Debian 12, with what tools/packages names and from files that exist"""
    del bench
    build, final = stages()
    equal([stage[0][1].split()[0] for stage in (build, final)],
          ["docker.io/library/debian:12", "docker.io/library/debian:12-slim"], "the bases")
    equal(installed(build), set(re.findall(r"^build +(\S+)", text("tools/packages"), re.M)), "packages to build")
    patterns = [path for word, arguments in build if word == "COPY" for path in arguments.split()[:-1]]
    copied = {os.path.basename(name) for pattern in patterns
              for name in glob.glob(os.path.join(spooltest.srcdir(), pattern)) or [f"{pattern} matches nothing"]}
    there = set(os.listdir(spooltest.srcdir()))
    equal(copied - there, set(), "what is copied exists")
    # what git knows or a tarball has at the top, but for what autogen.sh and a build make
    needed = {name for name in there if name in ("doc", "schema", "src", "tests", "tools", "COPYING", "NEWS")
              or name.endswith((".md", ".am", ".ac")) or name == "autogen.sh"}
    equal(needed - copied, set(), "what the build needs is copied")
    for word, arguments in final:
        true(word != "COPY" or arguments.startswith("--from=build "), "only what was built is copied")


def test_final_image(bench):
    """the image runs the daemon as a user without rights, on its volume, and is stopped by a signal"""
    user, volume = instruction("USER"), instruction("VOLUME")
    true(re.fullmatch(r"([1-9]\d+):([1-9]\d+)", user), f"USER {user} is numeric, as runAsNonRoot wants it")
    prepared = next(arguments for word, arguments in stages()[-1] if word == "RUN")
    uid, gid = user.split(":")
    true(f"install -d -o {uid} -g {gid} -m 0750 {volume}" in prepared, prepared)
    equal(instruction("WORKDIR"), volume, "the directory in which commands find spool.db")
    equal((instruction("ENTRYPOINT"), instruction("CMD"), instruction("STOPSIGNAL")),
          ('["bentospool"]', '["serve"]', "SIGTERM"), "what runs")
    environment = image_environment()
    equal(environment.pop("BENTOSPOOL_DATABASE"), f"{volume}/spool.db", "the database is on the volume")
    shown = accepts(bench, {**environment, **KEYS})
    true(f'"0.0.0.0:{instruction("EXPOSE").split("/")[0]}"' in shown, shown)
    deadline = float(environment["BENTOSPOOL_STOP_DEADLINE"])
    true(2 * deadline < 10, "requests to us and to Bento end within the 10 s of docker stop")


def test_health_check(bench):
    """the health check is healthy with a daemon, and unhealthy without"""
    command = re.search(r'CMD \["bentospool", (.*)\]$', instruction("HEALTHCHECK")).group(1)
    argv = re.findall(r'"([^"]+)"', command)
    sim = bench.sim()
    environment = {**KEYS, "BENTOSPOOL_CONFIG": bench.write("empty.conf", ""), "BENTOSPOOL_DATABASE": bench.database,
                   "BENTOSPOOL_LISTEN": "127.0.0.1:0", "BENTO_API_URL": sim.api_url()}
    daemon = spooltest.Process(bench, "daemon", [binary("bentospool"), "serve"], environment).wait_listening()
    done = bench.run(binary("bentospool"), *argv, env=environment)
    equal(done.returncode, 0, done.stdout + done.stderr)
    equal(daemon.stop(), 0, daemon.log())
    equal(bench.run(binary("bentospool"), *argv, env=environment).returncode, 1, "without the daemon")


def test_secret_of_any_mode(bench):
    """a secret in the directory that the image names may be readable by others; elsewhere it may not"""
    secret = bench.write("secret_key", spooltest.SECRET_KEY)
    os.chmod(secret, 0o444)
    true("CREDENTIALS_DIRECTORY" in image_environment(), "ENV")
    keys = {name: value for name, value in KEYS.items() if name != "BENTO_SECRET_KEY"}
    given = {**keys, "BENTO_SECRET_KEY_FILE": secret, "BENTOSPOOL_CONFIG": bench.write("empty.conf", "")}
    equal(bench.run(binary("bentospool"), "check", env={**given, "CREDENTIALS_DIRECTORY": bench.dir}).returncode, 0,
          "in the directory of secrets")
    true("chmod 600" in bench.run(binary("bentospool"), "check", env=given).stderr, "elsewhere")


def test_compose(bench):
    """the example for Compose names variables, paths and ports that the image has"""
    compose, _ = documents()
    service, = compose["services"].values()
    equal((service["read_only"], service["cap_drop"]), (True, ["ALL"]), "confinement")
    name, _, path = service["volumes"][0].partition(":")
    equal((name in compose["volumes"], path), (True, instruction("VOLUME")), "the volume")
    true(service["ports"][0].endswith(":" + instruction("EXPOSE").split("/")[0]), "the port")
    environment = service["environment"]
    for variable, value in environment.items():
        if value.startswith("${"):
            equal(value, f"${{{variable}:?}}", "what Compose refuses to leave out")
    secret = environment.pop("BENTO_SECRET_KEY_FILE")
    equal(secret, f"{image_environment()['CREDENTIALS_DIRECTORY']}/{service['secrets'][0]}", "the secret")
    true(service["secrets"][0] in compose["secrets"], "its file")
    accepts(bench, {**environment, **KEYS})


def test_kubernetes(bench):
    """the example for Kubernetes runs one replica, which is stopped before the next, as the image's user"""
    _, objects = documents()
    spec = objects["Deployment"]["spec"]
    equal((spec["replicas"], spec["strategy"]), (1, {"type": "Recreate"}), "never two daemons")
    equal(objects["PersistentVolumeClaim"]["spec"]["accessModes"], ["ReadWriteOncePod"], "the claim")
    equal(spec["selector"]["matchLabels"], spec["template"]["metadata"]["labels"], "labels")
    equal(spec["selector"]["matchLabels"], objects["Service"]["spec"]["selector"], "labels of the service")
    pod = spec["template"]["spec"]
    uid, gid = map(int, instruction("USER").split(":"))
    equal(pod["securityContext"], {"runAsNonRoot": True, "runAsUser": uid, "runAsGroup": gid, "fsGroup": gid}, "user")
    container, = pod["containers"]
    true(container["securityContext"]["readOnlyRootFilesystem"], "the root file system")
    port = int(instruction("EXPOSE").split("/")[0])
    for probe in ("readinessProbe", "livenessProbe"):
        equal(container[probe]["httpGet"], {"path": "/healthz", "port": port}, probe)
    equal((container["ports"], objects["Service"]["spec"]["ports"]), ([{"containerPort": port}], [{"port": port}]),
          "ports")
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    equal(set(mounts), {volume["name"] for volume in pod["volumes"]}, "volumes")
    equal(mounts["spool"], instruction("VOLUME"), "the volume")
    environment = {variable["name"]: variable["value"] for variable in container["env"]}
    equal(environment.pop("BENTO_SECRET_KEY_FILE"), mounts["keys"], "the secret")
    accepts(bench, {**environment, **KEYS})


def test_answers_probes(bench):
    """/healthz answers without a key, though the image asks for keys"""
    daemon = bench.daemon()
    equal(daemon.request("GET", "/healthz", key=None)[0], 200, "/healthz")
    daemon.accept("/v1/track", track("m-1"))


spooltest.main()
