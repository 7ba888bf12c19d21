namespace Sje.Tests.Support;

/// <summary>The PostgreSQL server that tests use.</summary>
internal static class TestPostgres
{
    public static Task<string> ConnectionStringAsync() =>
        Environment.GetEnvironmentVariable("SJE_TEST_POSTGRES") is { Length: > 0 } given
            ? Task.FromResult(given)
            : throw new InvalidOperationException(
                "Set SJE_TEST_POSTGRES to a PostgreSQL 15+ server on which databases may be created.");
}
