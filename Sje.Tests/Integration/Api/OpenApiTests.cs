using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Sje.Tests.Integration.Api;

public sealed partial class OpenApiTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Fact]
    public void Every_route_is_in_the_document_under_a_name_of_its_own()
    {
        var paths = host.Document["paths"]!.AsObject();
        var missing = new List<string>();
        foreach (
            var endpoint in host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        )
        {
            var path = "/" + Constraint().Replace(endpoint.RoutePattern.RawText!, "}").Replace("{**", "{").Trim('/');
            if (
                path.StartsWith("/openapi", StringComparison.Ordinal)
                || path.StartsWith("/docs", StringComparison.Ordinal)
            )
            {
                continue;
            }

            foreach (var method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods)
            {
                if (paths[path]?[method.ToLowerInvariant()] is null)
                {
                    missing.Add($"{method} {path}");
                }
            }
        }

        Assert.Empty(missing);
        Assert.True(paths.Count > 20);
        var names = paths
            .SelectMany(path => path.Value!.AsObject())
            .Select(operation => (string?)operation.Value!["operationId"])
            .ToList();
        Assert.DoesNotContain(null, names);
        Assert.Equal(names.Count, names.Distinct().Count());
    }

    [Fact]
    public void The_document_is_3_1_and_every_operation_has_a_summary_and_describes_its_problems()
    {
        Assert.StartsWith("3.1", (string?)host.Document["openapi"]);
        foreach (
            var operation in host.Document["paths"]!
                .AsObject()
                .SelectMany(path => path.Value!.AsObject())
                .Select(o => o.Value!)
        )
        {
            Assert.NotNull(operation["summary"]);
            Assert.NotNull(operation["responses"]!["503"]!["content"]!["application/problem+json"]!["schema"]);
            Assert.Contains(operation["responses"]!.AsObject(), response => response.Key.StartsWith('2'));
        }
    }

    [Fact]
    public void Bodies_parameters_and_states_are_described()
    {
        var paths = host.Document["paths"]!;
        Assert.NotNull(paths["/task"]!["post"]!["requestBody"]!["content"]!["application/yaml"]);
        Assert.NotNull(paths["/tasks"]!["post"]!["requestBody"]!["content"]!["application/x-ndjson"]);
        Assert.NotNull(paths["/mgmt/keys"]!["post"]!["requestBody"]!["content"]!["application/json"]!["schema"]);
        var limit = paths["/api/v1/executions"]!["get"]!["parameters"]!
            .AsArray()
            .Single(p => (string?)p!["name"] == "limit")!;
        Assert.Equal(
            ("integer", 1000),
            ((string?)limit["schema"]!["type"], limit["schema"]!["maximum"]!.GetValue<int>())
        );
        Assert.NotNull(
            paths["/api/v1/executions/{id}/logs"]!["get"]!["responses"]!["200"]!["content"]!["text/event-stream"]
        );
        Assert.Contains("partially_succeeded", host.Document["components"]!["schemas"]!.ToJsonString());
        Assert.NotNull(host.Document["components"]!["securitySchemes"]!["bearer"]);
    }

    [Fact]
    public async Task The_page_at_docs_is_served_with_all_that_it_needs_from_here()
    {
        var page = await host.Client.GetAsync("/docs/");
        var html = await page.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Equal("text/html", page.Content.Headers.ContentType?.MediaType);
        foreach (Match source in Source().Matches(html))
        {
            Assert.False(source.Groups[1].Value.StartsWith("http", StringComparison.Ordinal), source.Value);
        }
    }

    [GeneratedRegex(@":[a-z]+\}")]
    private static partial Regex Constraint();

    [GeneratedRegex("(?:src|href)=\"([^\"]+)\"")]
    private static partial Regex Source();
}
