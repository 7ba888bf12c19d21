using Sje.Jobs.Engines.Spark.Pages;

namespace Sje.Tests.Unit.Engines.Spark.Pages;

public sealed class SparkPageLinksTests
{
    private const string Context = "/executions/7/spark-ui";

    [Theory]
    // The driver has taken our path from the header.
    [InlineData("", "/executions/7/spark-ui", "/executions/7/spark-ui/jobs/")]
    // YARN's proxy passes no header on, and the driver was told YARN's path.
    [InlineData("/proxy/application_1_1", "/proxy/application_1_1", "/proxy/application_1_1/jobs/")]
    // spark.ui.proxyBase, or a standalone cluster with spark.ui.reverseProxy.
    [InlineData("", "/proxy/app-1", "/proxy/app-1/jobs/")]
    [InlineData("", "https://gate.example/spark/proxy/app-1", "https://gate.example/spark/proxy/app-1/jobs/")]
    // Kubernetes passes the header on and writes its own path before links, but not into scripts.
    [InlineData(
        "/api/v1/namespaces/s/pods/d:4040/proxy",
        "/executions/7/spark-ui",
        "/api/v1/namespaces/s/pods/d:4040/proxy/executions/7/spark-ui/jobs/"
    )]
    public void Links_lead_below_our_path_whatever_the_driver_was_told(string prefix, string root, string link)
    {
        var page = $"<head><script>setUIRoot('{root}')</script></head><a href=\"{link}\">jobs</a>";

        var shown = SparkPageLinks.Rewrite(page, prefix, Context);

        Assert.Equal(
            $"<head><script>setUIRoot('{Context}')</script></head><a href=\"{Context}/jobs/\">jobs</a>",
            shown
        );
    }

    [Fact]
    public void A_page_without_a_path_of_its_own_stays_as_it_is()
    {
        const string page = "<script>setUIRoot('')</script><a href=\"/jobs/\">/ / /</a>";

        Assert.Equal(page, SparkPageLinks.Rewrite(page, "", Context));
        Assert.Equal("<p>/proxy</p>", SparkPageLinks.Rewrite("<p>/proxy</p>", "", Context));
    }

    [Theory]
    [InlineData("http://d:4040/", "http://d:4040/stages/", "", "/executions/7/spark-ui/stages/")]
    [InlineData("http://d:4040/x", "/executions/7/spark-ui/jobs/?a=b", "", "/executions/7/spark-ui/jobs/?a=b")]
    [InlineData(
        "http://rm:8088/proxy/a_1/",
        "http://rm:8088/proxy/a_1/jobs/",
        "/proxy/a_1",
        "/executions/7/spark-ui/jobs/"
    )]
    // The driver behind YARN's proxy names itself.
    [InlineData("http://rm:8088/proxy/a_1/", "http://node-7:40123/jobs/", "/proxy/a_1", "/executions/7/spark-ui/jobs/")]
    // The application has ended: YARN leads to its own pages.
    [InlineData("http://rm:8088/proxy/a_1/", "http://rm:8088/cluster/app/a_1", "/proxy/a_1", null)]
    [InlineData("http://d:4040/", "http://evil.example/", "", null)]
    [InlineData("http://d:4040/", "http://evil.example/executions/7/spark-ui-of-mine/", "", null)]
    public void Redirects_stay_below_our_path(string asked, string location, string prefix, string? expected) =>
        Assert.Equal(
            expected,
            SparkPageLinks.Follow(new Uri(asked), new Uri(location, UriKind.RelativeOrAbsolute), prefix, Context)
        );

    [Theory]
    [InlineData("jobs/job/", "jobs/job/")]
    [InlineData("", "")]
    [InlineData(null, "")]
    [InlineData("static/a b.css", "static/a%20b.css")]
    [InlineData("api/v1/applications/app-1/é", "api/v1/applications/app-1/%C3%A9")]
    [InlineData("jobs//kill", null)]
    [InlineData("jobs/../api", null)]
    [InlineData("jobs/./job", null)]
    [InlineData("jobs/%2e%2e/x", null)]
    [InlineData("jobs/job/kil%6C", null)]
    [InlineData("jobs;x/job", null)]
    [InlineData("jobs\\job", null)]
    [InlineData("jobs?x", null)]
    [InlineData("jobs\n", null)]
    public void A_path_is_one_thing_or_nothing(string? path, string? escaped) =>
        Assert.Equal(escaped, SparkPagePath.Read(path)?.Escaped);

    [Theory]
    [InlineData("jobs/job/kill", true)]
    [InlineData("jobs/job/kill/", true)]
    [InlineData("stages/stage/KILL/x", true)]
    [InlineData("jobs/job/killer/", false)]
    [InlineData("jobs/job/", false)]
    public void What_ends_jobs_and_stages_is_known(string path, bool kills) =>
        Assert.Equal(kills, SparkPagePath.Read(path)!.Kills);

    [Theory]
    [InlineData("history/app-1/jobs/", "jobs/")]
    [InlineData("history/app-1/2/stages/stage/", "stages/stage/")]
    [InlineData("history/app-1/", null)]
    [InlineData("jobs/", null)]
    public void A_page_after_the_end_has_one_of_the_driver(string path, string? page) =>
        Assert.Equal(page, SparkPagePath.Read(path)!.PageInHistory);
}
