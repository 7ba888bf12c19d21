using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using DuckDB.NET.Data;
using Sje.Tests.Integration.Hosting;
using Sje.Tests.Support;
using Sje.Web.Failures;

namespace Sje.Tests.EndToEnd.Dialects;

/// <summary>The files of other systems, by the command line and the API, to the rows that they promise.</summary>
public sealed class DialectRunTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly string folder = EmbeddedPostgresTests.TestFolder();
    private SjeProcess server = null!;
    private HttpClient http = null!;

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Path.Combine(folder, "data"));
        foreach (var file in Directory.EnumerateFiles(RepositoryFiles.Path("examples", "dialects")))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        Write(
            "data/users.csv",
            "id,country,status,age\n1,NL,active,30\n2,NL,active,41\n3,DE,inactive,50\n4,DE,active,25\n"
        );
        Write("data/orders.csv", "order_id,customer_id,amount\n1,1,150\n2,1,50\n3,2,200\n4,3,300\n5,3,101\n6,9,500\n");
        Query(
            $"COPY (SELECT * FROM (VALUES (1, 'NL'), (2, 'DE'), (3, 'NL')) AS c(customer_id, country)) TO '{folder}/data/customers.parquet' (FORMAT parquet)"
        );
        server = SjeProcess.Start(folder, ["all", "--port", "0", "--db", database.ConnectionString]);
        http = new HttpClient { BaseAddress = new Uri(await server.ReadyAsync(folder)) };
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task The_job_of_the_orchestrator_is_submitted_and_gives_its_rows()
    {
        var submit = await SjeProcess.RunAsync(folder, "submit", "active-users.json", "--wait", "--output", "json");

        Assert.True(submit.Code == ExitCodes.Ok, submit.Errors + server.Errors);
        Assert.Equal(
            ["DE 25", "NL 35.5"],
            Query($"SELECT country, avg_age FROM read_parquet('{folder}/out/active') ORDER BY 1")
        );
        var execution = JsonNode.Parse(submit.Output)!;
        var seen = (await http.GetFromJsonAsync<JsonObject>($"api/v1/executions/{execution["taskId"]}"))!;
        Assert.Equal("active-users", seen["name"]!.ToString());
        Assert.Equal(4, seen["maxAttempts"]!.GetValue<int>());
    }

    [Fact]
    public async Task The_job_of_the_designer_is_saved_with_its_schedule_run_and_gives_its_rows()
    {
        var save = await SjeProcess.RunAsync(folder, "jobs", "save", "orders-by-customer.yaml");
        Assert.True(save.Code == ExitCodes.Ok, save.Errors + server.Errors);
        Assert.Contains("starts by itself", save.Output, StringComparison.Ordinal);

        var run = await SjeProcess.RunAsync(folder, "jobs", "run", "orders-by-customer", "--wait");

        Assert.True(run.Code == ExitCodes.Ok, run.Errors + server.Errors);
        Assert.Equal(
            ["DE 200", "NL 551"],
            Query($"SELECT country, sum_amount FROM read_parquet('{folder}/out/by-country') ORDER BY 1")
        );
    }

    [Fact]
    public async Task The_API_takes_every_dialect_wherever_it_takes_a_job_and_tells_faults_in_its_places()
    {
        var user = await File.ReadAllTextAsync(Path.Combine(folder, "active-users.json"));
        var spark = await File.ReadAllTextAsync(Path.Combine(folder, "spark-app.json"));
        var orders = await File.ReadAllTextAsync(Path.Combine(folder, "orders-by-customer.yaml"));

        using var batch = await http.PostAsync(
            "tasks",
            Body($"[{user}, {spark}, {user.Replace("\"high\"", "\"hihg\"", StringComparison.Ordinal)}]")
        );
        var items = (await batch.Content.ReadFromJsonAsync<JsonObject>())!;
        Assert.Equal((2, 1), (items["accepted"]!.GetValue<int>(), items["rejected"]!.GetValue<int>()));
        Assert.Equal("/priority", items["items"]![2]!["problem"]!["errors"]![0]!["pointer"]!.ToString());
        using var byLabel = await http.GetAsync("task/daily-report");
        Assert.Equal(HttpStatusCode.OK, byLabel.StatusCode);

        using var valid = await http.PostAsync("api/v1/jobs:validate", Body(orders, "application/yaml"));
        var canonical = (await valid.Content.ReadFromJsonAsync<JsonObject>())!["job"]!;
        Assert.Equal("pipeline", canonical["type"]!.ToString());

        using var scheduled = await http.PostAsync("task", Body(orders, "application/yaml"));
        Assert.Equal("/schedule", await FirstPointerAsync(scheduled));
        using var misnamed = await http.PutAsync("api/v1/jobs/other", Body(user));
        Assert.Equal("/job_name", await FirstPointerAsync(misnamed));
        using var saved = await http.PutAsync("api/v1/jobs/active-users", Body(user));
        Assert.Equal(HttpStatusCode.Created, saved.StatusCode);
        using var wrong = await http.PostAsync(
            "task",
            Body(user.Replace("groupby", "gruopby", StringComparison.Ordinal))
        );
        Assert.Equal("/job_data/processing_logic/transformations/1/type", await FirstPointerAsync(wrong));
    }

    [Fact]
    public async Task Files_are_checked_and_converted_without_a_server()
    {
        Write("bad.json", "{\"job_name\": \"x\",\n \"job_type\": \"etl\",\n \"job_data\": {}}");

        var valid = await SjeProcess.RunAsync(
            folder,
            "validate",
            "active-users.json",
            "orders-by-customer.yaml",
            "spark-app.json"
        );
        Assert.True(valid.Code == ExitCodes.Ok, valid.Errors);
        Assert.Contains("(Spark designer, pipeline)", valid.Output, StringComparison.Ordinal);

        var bad = await SjeProcess.RunAsync(folder, "validate", "active-users.json", "bad.json");
        Assert.Equal(ExitCodes.Rejected, bad.Code);
        Assert.Contains("/job_type: ", bad.Errors, StringComparison.Ordinal);
        Assert.Contains("(line 2)", bad.Errors, StringComparison.Ordinal);
        Assert.Contains(
            "/job_data/input_path: 'input_path' is missing. (line 3)",
            bad.Errors,
            StringComparison.Ordinal
        );
        var told = await SjeProcess.RunAsync(folder, "validate", "bad.json", "--output", "json");
        Assert.False(JsonNode.Parse(told.Output)!["valid"]!.GetValue<bool>());

        foreach (var file in new[] { "active-users.json", "orders-by-customer.yaml", "spark-app.json" })
        {
            var yaml = await SjeProcess.RunAsync(folder, "convert", file);
            var json = await SjeProcess.RunAsync(folder, "convert", file, "--to", "json");
            Write("once.yaml", yaml.Output);
            var again = await SjeProcess.RunAsync(folder, "convert", "once.yaml", "--to", "json");
            Assert.Equal(json.Output, again.Output);
            Assert.Equal(ExitCodes.Ok, again.Code);
        }
    }

    private static async Task<string> FirstPointerAsync(HttpResponseMessage answer)
    {
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonObject>())!["errors"]![0]!["pointer"]!.ToString();
    }

    private static StringContent Body(string text, string type = "application/json") => new(text, Encoding.UTF8, type);

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(folder, name), text);

    private static List<string> Query(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(
                string.Join(
                    ' ',
                    Enumerable
                        .Range(0, reader.FieldCount)
                        .Select(i =>
                            Convert.ToString(reader.GetValue(i), System.Globalization.CultureInfo.InvariantCulture)
                        )
                )
            );
        }

        return rows;
    }
}
