using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Api;

/// <summary>The client's types come from a committed copy of the OpenAPI document.</summary>
public sealed class ApiSnapshotTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string Remedy =
        "Run this test with SJE_WRITE_OPENAPI=1, then `npm ci && npm run generate` in Sje.Web/ClientApp/tools/types, and commit openapi.json and schema.ts.";

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static string SnapshotPath =>
        RepositoryFiles.Path("Sje.Web", "ClientApp", "tools", "types", "openapi.json");

    [Fact]
    public async Task The_committed_document_is_the_one_that_the_server_serves()
    {
        var served = Sorted(host.Document)!.ToJsonString(Indented) + "\n";
        if (Environment.GetEnvironmentVariable("SJE_WRITE_OPENAPI") == "1")
        {
            await File.WriteAllTextAsync(SnapshotPath, served);
        }

        var committed = File.Exists(SnapshotPath) ? await File.ReadAllTextAsync(SnapshotPath) : "";
        Assert.True(committed == served, $"The API and {SnapshotPath} differ. {Remedy}");
    }

    [Fact]
    public async Task The_types_of_the_client_were_made_from_the_committed_document()
    {
        if (Environment.GetEnvironmentVariable("SJE_WRITE_OPENAPI") == "1")
        {
            Assert.Skip("The document is being written; its types follow.");
        }

        var sum = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(SnapshotPath)));
        var first = File.ReadLines(RepositoryFiles.Path("Sje.Web", "ClientApp", "src", "api", "schema.ts")).First();

        Assert.True(
            first.Contains(sum, StringComparison.Ordinal),
            $"schema.ts was made from another document. {Remedy}"
        );
    }

    // By name, so that an endpoint that moves in the code changes nothing here.
    private static JsonNode? Sorted(JsonNode? node) =>
        node switch
        {
            JsonObject map => new JsonObject(
                map.OrderBy(entry => entry.Key, StringComparer.Ordinal)
                    .Select(entry => KeyValuePair.Create(entry.Key, Sorted(entry.Value)))
            ),
            JsonArray list => new JsonArray([.. list.Select(Sorted)]),
            _ => node?.DeepClone(),
        };
}
