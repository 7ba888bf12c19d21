using Microsoft.Extensions.Configuration;
using Sje.Core.Reliability;
using Sje.Web.Failures;
using Sje.Web.Hosting;

namespace Sje.Tests.Integration.Hosting;

public sealed class SjeConfigurationTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sje-settings-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Later_sources_win_and_a_later_list_replaces_an_earlier_one_whole()
    {
        Write("appsettings.json", """{ "worker": { "slots": 2, "queues": ["a", "b", "c"], "name": "json" } }""");
        Write("sje-config.yaml", "worker:\n  slots: 3\n  queues: [x]\n");

        var read = Read();
        Assert.Equal("3", read.Get("worker:slots"));
        Assert.Equal("json", read.Get("worker:name"));
        Assert.Equal("x", read.Get("worker:queues:0"));
        Assert.Null(read.Get("worker:queues:1"));
        Assert.Equal("sje-config.yaml", read.SourceOf("worker:slots"));

        read = Read(("worker:slots", "4"), ("worker:queues", "p, q"));
        Assert.Equal("4", read.Get("worker:slots"));
        Assert.Equal(["p", "q"], [read.Get("worker:queues:0"), read.Get("worker:queues:1")]);
        read.Check();
    }

    [Fact]
    public void Every_fault_is_told_at_once_with_key_value_source_and_what_would_be_right()
    {
        Write("sje-config.yaml", "worker:\n  slots: many\n  slot: 3\n  memory: 12 parsecs\nserver:\n  urls: nowhere\n");

        var failure = Assert.Throws<FailureException>(() => Read(("worker:leaseSeconds", "1")).Check());

        Assert.Equal(ExitCodes.Configuration, failure.ExitCode);
        Assert.Collection(
            failure.Faults.Order(StringComparer.Ordinal),
            fault =>
                Assert.Equal(
                    "server:urls is 'nowhere' (sje-config.yaml): 'nowhere' is no address; it looks like http://127.0.0.1:8082",
                    fault
                ),
            fault =>
                Assert.StartsWith(
                    "worker:memory is '12 parsecs' (sje-config.yaml): an amount of memory",
                    fault,
                    StringComparison.Ordinal
                ),
            fault =>
                Assert.StartsWith(
                    "worker:slot (sje-config.yaml) is no setting. Did you mean 'slots'?",
                    fault,
                    StringComparison.Ordinal
                ),
            fault => Assert.Equal("worker:slots is 'many' (sje-config.yaml): a whole number is needed, like 8", fault)
        );
    }

    [Fact]
    public void Retry_policies_are_named_by_the_user_and_what_they_leave_out_is_as_it_is_built_in()
    {
        Write(
            "sje-config.yaml",
            """
            retryPolicies:
              patient: {backoff: linear, initialDelay: 30s, maxDelay: 1h, jitter: none, maxAttempts: 50, maxElapsed: 2d}
              network_error: {maxAttempts: 9}
            """
        );
        var read = Read(("retryPolicies:patient:maxAttempts", "40"));
        read.Check();

        var policies = SjeApplication.RetryPoliciesOf(
            new ConfigurationBuilder().AddInMemoryCollection(read.Values).Build()
        );

        Assert.Equal(
            new RetryPolicy
            {
                Name = "patient",
                Backoff = Backoff.Linear,
                InitialDelay = TimeSpan.FromSeconds(30),
                MaxDelay = TimeSpan.FromHours(1),
                Jitter = Jitter.None,
                MaxAttempts = 40,
                MaxElapsed = TimeSpan.FromDays(2),
            },
            policies.Find("patient")
        );
        Assert.Equal(
            RetryPolicies.BuiltIn.Find("network_error")! with
            {
                MaxAttempts = 9,
            },
            policies.Find("network_error")
        );
    }

    [Theory]
    [InlineData("history: 1d", "retention:history is '1d' (sje-config.yaml): it must be 2d or more")]
    [InlineData("history: soon", "retention:history is 'soon' (sje-config.yaml): a length of time")]
    [InlineData(
        "logs: 31d",
        "retention:logs is '31d' (sje-config.yaml): it must not be longer than retention:history (30d)"
    )]
    [InlineData("idempotencyKeys: 31d", "retention:idempotencyKeys is '31d' (sje-config.yaml): it must not be longer")]
    [InlineData("deadLetters: 5m", "retention:deadLetters is '5m' (sje-config.yaml): it must be 1h or more")]
    [InlineData("partition: year", "retention:partition is 'year' (sje-config.yaml): it must be day or week or month")]
    public void A_retention_that_cannot_be_is_refused(string setting, string said)
    {
        Write("sje-config.yaml", $"retention: {{{setting}}}");

        var failure = Assert.Throws<FailureException>(() => Read().Check());

        Assert.Contains(said, failure.Message, StringComparison.Ordinal);
        Assert.Empty(failure.Faults);
    }

    [Fact]
    public void Every_fault_of_the_retry_policies_is_told()
    {
        Write(
            "sje-config.yaml",
            """
            retryPolicies:
              a: {backoff: expo}
              b: {maxDelay: 5, maxAttempts: 101, factor: 0.5}
              c: {maxRetries: 3}
              d: 7
              e: {initialDelay: 2m, maxDelay: 1m, maxElapsed: 0s, backoff: fixed, factor: 3}
              none: {maxAttempts: 2}
              "x y": {maxAttempts: 2}
            """
        );

        var failure = Assert.Throws<FailureException>(() => Read().Check());

        Assert.Equal(
            [
                "retryPolicies:a:backoff is 'expo' (sje-config.yaml): it must be exponential or fixed or linear or fibonacci",
                "retryPolicies:b:factor is '0.5' (sje-config.yaml): it must be from 1 to 100",
                "retryPolicies:b:maxAttempts is '101' (sje-config.yaml): it must be from 1 to 100",
                "retryPolicies:b:maxDelay is '5' (sje-config.yaml): a length of time like 500ms, 90s, 15m, 1h30m or 2d is needed",
                "retryPolicies:c:maxRetries (sje-config.yaml) is no setting. Those of retryPolicies:c are backoff, initialDelay, maxDelay, factor, jitter, maxAttempts, maxElapsed.",
                "retryPolicies:d (sje-config.yaml) is a group of settings, not one value",
                "retryPolicies:e:factor is '3' (sje-config.yaml): a factor goes with an exponential backoff",
                "retryPolicies:e:initialDelay is '2m' (sje-config.yaml): it must not be longer than maxDelay",
                "retryPolicies:e:maxElapsed is '0s' (sje-config.yaml): it must be longer than nothing; leave it out for no limit",
                "retryPolicies:none: 'none' is one attempt only, and stays it",
                "retryPolicies:x y: a policy's name is 1 to 50 of a-z, 0-9, '_' and '-', with a letter or digit first",
            ],
            failure.Faults.Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void A_value_out_of_range_and_a_rule_across_settings_are_told()
    {
        var failure = Assert.Throws<FailureException>(() =>
            Read(("worker:leaseSeconds", "2"), ("worker:slots", "0")).Check()
        );

        Assert.Contains(
            failure.Faults,
            fault =>
                fault.StartsWith(
                    "worker:leaseSeconds is '2' (command line): it must be from 3 to 300",
                    StringComparison.Ordinal
                )
        );
        Assert.Contains(
            failure.Faults,
            fault =>
                fault.StartsWith("worker:slots is '0' (command line): it must be from 1 to", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Sizes_are_read_with_their_unit()
    {
        var read = Read(("worker:memory", "2GiB"));

        Assert.Equal(
            (2L << 30).ToString(System.Globalization.CultureInfo.InvariantCulture),
            read.Get("worker:memoryBytes")
        );
        read.Check();
    }

    [Fact]
    public void Connections_have_names_of_the_users_and_their_faults_tell_no_password()
    {
        Write("sje-config.yaml", "connections: {typed: {tpye: postgres, connectionString: hunter2}}\n");
        var typed = Assert.Throws<FailureException>(() => Read().Check()).Message;
        Assert.EndsWith(
            "connections:typed:tpye (sje-config.yaml) is no setting. Did you mean 'type'?",
            typed,
            StringComparison.Ordinal
        );

        Write(
            "sje-config.yaml",
            """
            connections:
              good: {connectionString: "Host=a;Password=hunter2"}
              other: {type: oracle, connectionString: "Host=a;Password=hunter2"}
              empty: {type: postgres}
              bare: hunter2
              broken: {connectionString: "hunter2"}
              odd: {connectionString: "Host=a;Passwort=hunter2"}
            """
        );

        var faults = Assert.Throws<FailureException>(() => Read().Check()).Faults;
        Assert.Equal(
            ["bare", "broken:", "empty:", "odd:", "other:type"],
            faults.Select(fault => fault.Split(' ')[0]["connections:".Length..]).Order(StringComparer.Ordinal)
        );
        Assert.Contains("connections:other:type is 'oracle' (sje-config.yaml): it must be postgres", faults);
        Assert.All(faults, fault => Assert.DoesNotContain("hunter2", fault, StringComparison.Ordinal));
    }

    [Fact]
    public void The_sections_of_the_original_are_read_into_ours()
    {
        Write(
            "sje-config.yaml",
            """
            dbConfig:
              type: postgresql
              host: db.example
              port: 5433
              database: jobs
              username: alice
              password: secret
            executorNodeConfig:
              cpus: 3
              memory: 4g
            rabbitMqConfig:
              host: rabbit.example
            """
        );

        var read = Read();

        read.Check();
        var database = new Npgsql.NpgsqlConnectionStringBuilder(read.ConnectionString);
        Assert.Equal(
            ("db.example", 5433, "jobs", "alice", "secret"),
            (database.Host, database.Port, database.Database, database.Username, database.Password)
        );
        Assert.Equal("3", read.Get("worker:cpus"));
        Assert.Equal(
            (4L << 30).ToString(System.Globalization.CultureInfo.InvariantCulture),
            read.Get("worker:memoryBytes")
        );
        Assert.Equal(["rabbitMqConfig is not used: PostgreSQL is the queue"], read.Notes);
    }

    [Theory]
    [InlineData("engines:\n  spark: {BLOCK}\n  local: {max_workers: 9}\n")]
    [InlineData("spark: {BLOCK}\nlocal: {max_workers: 9}\n")]
    public void The_blocks_of_the_job_orchestrator_are_a_cluster_and_slots(string file)
    {
        Write(
            "sje-config.yaml",
            file.Replace(
                "BLOCK",
                "master: 'spark://m1:7077', executor_memory: 4g, executor_cores: 2, max_executors: 10",
                StringComparison.Ordinal
            )
        );

        var read = Read();

        read.Check();
        Assert.Equal("orchestrator", read.Get("spark:defaultCluster"));
        Assert.Equal(
            ("spark://m1:7077", "4g", "2", "10", "true", "9"),
            (
                read.Get("spark:clusters:orchestrator:master"),
                read.Get("spark:clusters:orchestrator:sparkConf:spark.executor.memory"),
                read.Get("spark:clusters:orchestrator:sparkConf:spark.executor.cores"),
                read.Get("spark:clusters:orchestrator:sparkConf:spark.dynamicAllocation.maxExecutors"),
                read.Get("spark:clusters:orchestrator:sparkConf:spark.dynamicAllocation.enabled"),
                read.Get("worker:slots")
            )
        );
    }

    [Fact]
    public void Our_own_words_win_over_those_of_the_job_orchestrator()
    {
        Write(
            "sje-config.yaml",
            "spark: {master: 'local[2]', executor_memory: 4g, defaultCluster: lab, clusters: {lab: {master: 'local[1]'}}}\nworker: {slots: 3}\nengines: {local: {max_workers: 9}}\n"
        );

        var read = Read();

        read.Check();
        Assert.Equal(("lab", "3"), (read.Get("spark:defaultCluster"), read.Get("worker:slots")));
    }

    [Fact]
    public void Our_own_words_win_over_those_of_the_original()
    {
        Write("sje-config.yaml", "dbConfig: {host: old.example}\nexecutorNodeConfig: {cpus: 3}\n");

        var read = Read(("ConnectionStrings:Sje", "Host=new.example"), ("worker:cpus", "5"));

        Assert.Equal("Host=new.example", read.ConnectionString);
        Assert.Equal("5", read.Get("worker:cpus"));
    }

    [Fact]
    public void Another_database_than_PostgreSQL_is_refused()
    {
        Write("sje-config.yaml", "dbConfig: {type: mysql, host: x}\n");

        var failure = Assert.Throws<FailureException>(() => Read().Check());

        Assert.Contains("dbConfig:type is 'mysql' (sje-config.yaml)", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_connection_string_that_is_none_is_refused_without_showing_it()
    {
        var failure = Assert.Throws<FailureException>(() =>
            Read(("ConnectionStrings:Sje", "Hots=x;Password=hunter2")).Check()
        );

        Assert.Contains(
            "ConnectionStrings:Sje (command line) is no connection string",
            failure.Message,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("hunter2", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("worker:drainSeconds", "-1")]
    [InlineData("worker:drainSeconds", "86401")]
    [InlineData("worker:drainSeconds", "NaN")]
    [InlineData("worker:drainSeconds", "Infinity")]
    [InlineData("worker:drainSeconds", "1e300")]
    [InlineData("execution:stopGraceSeconds", "-0.5")]
    [InlineData("execution:stopGraceSeconds", "3601")]
    [InlineData("execution:stopGraceSeconds", "NaN")]
    public void A_time_of_a_stop_beyond_its_range_is_refused_with_the_range(string key, string value)
    {
        var failure = Assert.Throws<FailureException>(() => Read((key, value)).Check());

        Assert.Contains(key, failure.Message, StringComparison.Ordinal);
        Assert.Contains("it must be from 0 to", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sje-config.yaml", "worker: [unclosed")]
    [InlineData("sje-config.yaml", "worker:\n  slots: 1\n  slots: 2\n")]
    [InlineData("appsettings.json", "{ \"worker\": ")]
    public void A_file_that_cannot_be_parsed_is_named_with_the_reason(string name, string text)
    {
        Write(name, text);

        var failure = Assert.Throws<FailureException>(() => Read());

        Assert.Contains(Path.Combine(folder, name), failure.Message, StringComparison.Ordinal);
    }

    private SjeConfiguration Read(params (string Key, string Value)[] commandLine) =>
        SjeConfiguration.Read(
            new SjeHome(folder),
            SjeApplication.Shape,
            commandLine.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))
        );

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(folder, name), text);
}
