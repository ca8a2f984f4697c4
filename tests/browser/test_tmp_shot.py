import tests.browser.conftest as c, urllib.request, time
def w(url, p):
    for _ in range(200):
        try:
            urllib.request.urlopen(url, timeout=20).read(); return
        except OSError: time.sleep(.3)
c._wait_for=w
from tests.browser.conftest import listener_in
def test_shot(browser, served):
    for w in (360,1280):
        x=browser.new_context(viewport={"width":w,"height":900}); l=listener_in(x,served)
        for n,p in (("home","/"),("sched","/schedule")):
            l.open(p); l.page.wait_for_timeout(300); l.page.screenshot(path=f"/tmp/outputs_{n}_{w}.png", full_page=True)
        assert l.complaints==[]
        x.close()
