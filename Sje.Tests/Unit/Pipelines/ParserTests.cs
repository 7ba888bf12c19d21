using Sje.Core.Pipelines.Compilers.DuckDb;
using Sje.Core.Pipelines.Expressions;
using Sje.Core.Pipelines.Types;

namespace Sje.Tests.Unit.Pipelines;

public class ParserTests
{
    private static readonly Schema Columns = Schema.Of(
        new Column("a", DataType.Int32),
        new Column("b", DataType.Int32),
        new Column("s", DataType.String),
        new Column("a \"b", DataType.Int32)
    );

    [Theory]
    [InlineData("a + b * a", "(\"a\" + (\"b\" * \"a\"))")]
    [InlineData("a - b - a", "((\"a\" - \"b\") - \"a\")")]
    [InlineData("not a = b and a < b or a > b", "(((NOT (\"a\" = \"b\")) AND (\"a\" < \"b\")) OR (\"a\" > \"b\"))")]
    [InlineData("s || s = s", "((\"s\" || \"s\") = \"s\")")]
    [InlineData(
        "A BETWEEN 1 AND b AND a IS NOT NULL",
        "((\"a\" BETWEEN CAST(1 AS INTEGER) AND \"b\") AND (\"a\" IS NOT NULL))"
    )]
    [InlineData("-2147483648", "CAST('-2147483648' AS INTEGER)")]
    [InlineData("s = 'it''s -- \\n'", "(\"s\" = 'it''s -- \\n')")]
    [InlineData(
        "\"a \"\"b\" % 2 is null",
        "((CASE WHEN CAST(2 AS INTEGER) = -1 AND \"a \"\"b\" IS NOT NULL THEN CAST(0 AS INTEGER) ELSE \"a \"\"b\" % nullif(CAST(2 AS INTEGER), 0) END) IS NULL)"
    )]
    public void Operators_bind_as_the_language_says_and_every_operand_is_closed(string text, string sql) =>
        Assert.Equal(sql, ExpressionWriter.Write(Compile(text).Value!));

    [Theory]
    [InlineData("a < b < a", 6, "do not chain")]
    [InlineData("a = 1 is null", 6, "do not chain")]
    [InlineData("(a", 2, "expected \")\"")]
    [InlineData("a b", 2, "expected an operator or the end")]
    [InlineData("'open", 0, "never closed")]
    [InlineData("a in ()", 2, "no items")]
    [InlineData("1x", 1, "followed directly")]
    [InlineData("s = '{{ parameters.x }}'", 4, "without quotes")]
    [InlineData("a = '1'", 2, "does not take (int32, string)")]
    [InlineData("sum(a)", 0, "one row at a time")]
    [InlineData("s like 'a\\b'", 7, "backslash")]
    [InlineData("date '2024-02-30'", 5, "is no date")]
    [InlineData("regexp_matches(s, '(?=a)')", 0, "(?:")]
    [InlineData("cast(a as int)", 10, "is no type")]
    public void A_fault_names_the_character_and_what_to_do(string text, int position, string says)
    {
        var fault = Compile(text).Fault;

        Assert.NotNull(fault);
        Assert.Contains(says, fault.Message, StringComparison.Ordinal);
        Assert.Equal(position, fault.Position);
    }

    [Fact]
    public void Nesting_and_length_are_limited_so_that_no_text_exhausts_the_stack()
    {
        Assert.Contains("nested", Compile(new string('(', 10_000) + "a").Fault!.Message, StringComparison.Ordinal);
        Assert.Contains(
            "nested",
            Compile(string.Concat(Enumerable.Repeat("not ", 10_000)) + "a").Fault!.Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "operators",
            Compile(string.Join(" + ", Enumerable.Repeat("a", 1_000))).Fault!.Message,
            StringComparison.Ordinal
        );
        Assert.NotNull(Compile(string.Join(" + ", Enumerable.Repeat("a", 400))).Value);
    }

    [Fact]
    public void A_deep_expression_whose_spelling_repeats_its_operand_does_not_grow_without_bound()
    {
        var text = string.Concat(Enumerable.Repeat("sqrt(", 60)) + "a" + new string(')', 60);

        Assert.InRange(ExpressionWriter.Write(Compile(text).Value!).Length, 1, 20_000);
    }

    private static ExpressionResult Compile(string text) =>
        ExpressionCompiler.Compile(text, ExpressionScope.Of(Columns, TemplateValues.None));
}
