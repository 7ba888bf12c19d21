using System.Text;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Engines;

namespace Sje.Tests.Unit.Jobs;

public class HttpTaskTypeTests
{
    [Theory]
    [InlineData("{}", "/http/url required")]
    [InlineData("""{"url": 5}""", "/http/url wrong_type")]
    [InlineData("""{"url": "/health"}""", "/http/url invalid_value")]
    [InlineData("""{"url": "ftp://x/y"}""", "/http/url invalid_value")]
    [InlineData("""{"url": "file:///etc/passwd"}""", "/http/url invalid_value")]
    [InlineData("""{"url": "http://me:secret@x/y"}""", "/http/url invalid_value")]
    [InlineData("""{"url": "ftp://{{ execution.id }}/"}""", "/http/url invalid_value")]
    [InlineData("""{"url": "http://x/{{ parameters.no }}"}""", "/http/url template")]
    [InlineData("""{"url": "http://x", "method": "GETT"}""", "/http/method invalid_value")]
    [InlineData("""{"url": "http://x", "headers": {"a b": "c"}}""", "/http/headers/a b invalid_value")]
    [InlineData("""{"url": "http://x", "headers": {"A": "b\nC: d"}}""", "/http/headers/A invalid_value")]
    [InlineData("""{"url": "http://x", "headers": {"A": null}}""", "/http/headers/A wrong_type")]
    [InlineData("""{"url": "http://x", "headers": {"A": "1", "a": "2"}}""", "/http/headers/a duplicate_key")]
    [InlineData("""{"url": "http://x", "headers": {"content-length": 1}}""", "/http/headers/content-length conflict")]
    [InlineData("""{"url": "http://x", "body": 5}""", "/http/body wrong_type")]
    [InlineData("""{"url": "http://x", "timeout": "0s"}""", "/http/timeout out_of_range")]
    [InlineData("""{"url": "http://x", "timeout": "25h"}""", "/http/timeout out_of_range")]
    [InlineData("""{"url": "http://x", "expect": {"status": []}}""", "/http/expect/status invalid_value")]
    [InlineData("""{"url": "http://x", "expect": {"status": [200, "6xx"]}}""", "/http/expect/status/1 invalid_value")]
    [InlineData("""{"url": "http://x", "expect": {"status": "300-200"}}""", "/http/expect/status/0 invalid_value")]
    [InlineData("""{"url": "http://x", "expect": {"jsonPath": "state"}}""", "/http/expect/jsonPath/0 invalid_value")]
    [InlineData(
        """{"url": "http://x", "expect": {"jsonPath": {"$.a[": 1}}}""",
        "/http/expect/jsonPath/$.a[ invalid_value"
    )]
    [InlineData(
        """{"url": "http://x", "expect": {"jsonPath": ["$.{{ execution.id }}"]}}""",
        "/http/expect/jsonPath/0 template"
    )]
    [InlineData("""{"url": "http://x", "expect": {"stauts": 200}}""", "/http/expect/stauts unknown_field")]
    [InlineData("""{"url": "http://x", "ulr": 1}""", "/http/ulr unknown_field")]
    public void A_fault_is_told_where_it_stands(string http, string fault) => Assert.Contains(fault, Faults(Job(http)));

    [Fact]
    public void All_faults_are_told_at_once() =>
        Assert.Equal(
            ["/http/expect/status/0 invalid_value", "/http/method invalid_value", "/http/url required"],
            Faults(Job("""{"method": "x", "expect": {"status": "nine"}}""")).Order(StringComparer.Ordinal)
        );

    [Theory]
    [InlineData("""{"url": "http://x"}""")]
    [InlineData("""{"url": "{{ parameters.base }}/health"}""")]
    [InlineData("""{"url": "HTTPS://x.example:8443/a?b={{ parameters.base }}#c", "body": ""}""")]
    [InlineData("""{"url": "http://[::1]:80/", "body": [], "expect": {"jsonPath": {"$.error": null}}}""")]
    [InlineData("""{"url": "http://x", "expect": {"jsonPath": ["$..a", "$.b[?(@.c == 'd')]"]}}""")]
    public void What_makes_a_request_is_accepted(string http) => Assert.Empty(Read(Job(http)).Faults);

    [Fact]
    public void Settings_are_kept_in_one_form()
    {
        var settings = Read(
            Job(
                """{"url": "http://x", "method": "post", "headers": {"A": 1, "B": true}, "expect": {"status": 200, "jsonPath": "$.a"}}"""
            )
        )
            .Spec!.Tasks[0]
            .Settings;

        Assert.Equal(
            """{"url":"http://x","method":"POST","headers":{"A":"1","B":"true"},"expect":{"status":[200],"jsonPath":["$.a"]}}""",
            settings.ToJsonString()
        );
        Assert.True(JsonNode.DeepEquals(settings, new HttpTaskType().Normalise(settings)));
    }

    [Theory]
    [InlineData("204", 204, 204)]
    [InlineData("\"204\"", 204, 204)]
    [InlineData("\"4XX\"", 400, 499)]
    [InlineData("\"200-302\"", 200, 302)]
    public void A_range_of_statuses_is_read(string written, int first, int last)
    {
        Assert.True(HttpStatusRange.TryRead(JsonNode.Parse(written), out var range));
        Assert.Equal((first, last), (range.First, range.Last));
    }

    [Theory]
    [InlineData("99")]
    [InlineData("600")]
    [InlineData("200.0")]
    [InlineData("\"xx2\"")]
    [InlineData("\"200-\"")]
    [InlineData("true")]
    [InlineData("null")]
    [InlineData("[200]")]
    public void What_is_no_range_of_statuses_is_refused(string written) =>
        Assert.False(HttpStatusRange.TryRead(JsonNode.Parse(written), out _));

    [Theory]
    [InlineData("$", """[{"a":[{"b":1},{"b":2.50}],"d":"2026-01-01T00:00:00Z"}]""")]
    [InlineData("$.a[*].b", "[1,2.50]")]
    [InlineData("$..b", "[1,2.50]")]
    [InlineData("$.a[?(@.b > 1)].b", "[2.50]")]
    [InlineData("$.a[-1:].b", "[2.50]")]
    [InlineData("$.d", "[\"2026-01-01T00:00:00Z\"]")]
    [InlineData("$.none", "[]")]
    public void A_path_finds_values(string path, string found)
    {
        Assert.Null(JsonPath.Problem(path));
        var document = JsonNode.Parse("""{"a":[{"b":1},{"b":2.50}],"d":"2026-01-01T00:00:00Z"}""");

        var values = new JsonArray([.. JsonPath.Select(document, path)]);

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(found), values), values.ToJsonString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("$.a[")]
    [InlineData("$.a[?(@.b ==)]")]
    [InlineData("$.a['b")]
    public void What_is_no_path_is_told(string path) => Assert.Contains("JSONPath", JsonPath.Problem(path));

    private static string Job(string http) =>
        $$"""{"name": "x", "parameters": {"base": "http://x"}, "type": "http", "http": {{http}}}""";

    private static JobReadResult Read(string job) =>
        new JobReader(BuiltInEngines.Types()).Read(Encoding.UTF8.GetBytes(job));

    private static IEnumerable<string> Faults(string job) =>
        Read(job).Faults.Select(fault => $"{fault.Pointer} {fault.Code}");
}
