using System.Text;
using Sje.Core.Jobs;
using Sje.Jobs.Engines;

namespace Sje.Tests.Unit.Jobs;

public class SqlTaskTypeTests
{
    [Theory]
    [InlineData("""{"statement": "select 1"}""", "/sql/connection required")]
    [InlineData("""{"connection": "w"}""", "/sql/statement required")]
    [InlineData("""{"connection": "a:b", "statement": "select 1"}""", "/sql/connection invalid_value")]
    [InlineData("""{"connection": "w", "statement": " "}""", "/sql/statement invalid_value")]
    [InlineData("""{"connection": "w", "statement": ["select 1"]}""", "/sql/statement wrong_type")]
    [InlineData("""{"connection": "w", "statement": "select '{{ parameters.day }}'"}""", "/sql/statement template")]
    [InlineData(
        """{"connection": "w", "statement": "select @day", "parameters": {"dya": 1}}""",
        "/sql/parameters/dya unknown_parameter"
    )]
    [InlineData(
        """{"connection": "w", "statement": "select @a", "parameters": {"a b": 1}}""",
        "/sql/parameters/a b invalid_value"
    )]
    [InlineData("""{"connection": "w", "statement": "select 1", "parameters": []}""", "/sql/parameters wrong_type")]
    [InlineData(
        """{"connection": "w", "statement": "select @a", "parameters": {"a": "{{ parameters.no }}"}}""",
        "/sql/parameters/a template"
    )]
    [InlineData("""{"connection": "w", "statement": "select 1", "timeout": "1s"}""", "/sql/timeout unknown_field")]
    public void A_fault_is_told_where_it_stands(string sql, string fault) =>
        Assert.Contains(fault, Read(sql).Faults.Select(found => $"{found.Pointer} {found.Code}"));

    [Fact]
    public void A_template_in_the_statement_is_refused_with_the_way_to_write_it()
    {
        var fault = Assert.Single(Read("""{"connection": "w", "statement": "select {{ parameters.day }}"}""").Faults);

        Assert.StartsWith("Column 8:", fault.Detail, StringComparison.Ordinal);
        Assert.Contains("Write @name here", fault.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"connection": "w", "statement": "select 1"}""")]
    [InlineData(
        """{"connection": "{{ parameters.day }}", "statement": "select @a, @b_1, @a", "parameters": {"a": "{{ parameters.day }}", "b_1": [1, {"c": null}]}}"""
    )]
    public void What_makes_a_statement_is_accepted(string sql) => Assert.Empty(Read(sql).Faults);

    private static JobReadResult Read(string sql) =>
        new JobReader(BuiltInEngines.Types()).Read(
            Encoding.UTF8.GetBytes(
                $$"""{"name": "x", "parameters": {"day": "2026-01-01"}, "type": "sql", "sql": {{sql}}}"""
            )
        );
}
