using System.Text;

namespace Tollgate.Testing;

/// <summary>JSON Schemas that try to take more time or memory than a schema may. Each is compiled or refused within seconds.</summary>
public static class HostileSchemas
{
    private const string Integer = "{\"type\":\"integer\"}";

    /// <summary>Names and texts of the schemas.</summary>
    public static IReadOnlyList<(string Name, string Schema)> All { get; } =
    [
        ("a reference to itself", "{\"$ref\":\"#\"}"),
        ("two references in a circle",
            "{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"$ref\":\"#/$defs/b\"},\"b\":{\"$ref\":\"#/$defs/a\"}}}"),
        ("allOf of itself", "{\"allOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"}]}"),
        ("anyOf of itself", "{\"anyOf\":[{\"type\":\"string\"},{\"$ref\":\"#\"}]}"),
        ("not itself", "{\"not\":{\"$ref\":\"#\"}}"),
        ("a required property of its own kind", "{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#\"}},\"required\":[\"a\"]}"),
        ("items of its own kind without an end", "{\"type\":\"array\",\"items\":{\"$ref\":\"#\"},\"minItems\":1}"),
        ("references that double", Doubling("allOf", 30)),
        ("alternatives that double", Doubling("anyOf", 30)),
        ("exclusive alternatives that double", Doubling("oneOf", 30)),
        ("20 choices of 2 at once", Combined(20, 2)),
        ("6 choices of 10 at once", Combined(6, 10)),
        ("2 choices of 300 at once", Combined(2, 300)),
        ("a choice of 5,000", $"{{\"anyOf\":[{Many(5_000, i => $"{{\"const\":{i}}}")}]}}"),
        ("an exclusive choice of 1,000", $"{{\"oneOf\":[{Many(1_000, i => $"{{\"const\":{i}}}")}]}}"),
        ("an exclusive choice of 300 objects", $"{{\"oneOf\":[{Many(300, i =>
            $"{{\"type\":\"object\",\"properties\":{{\"p{i}\":{Integer}}},\"required\":[\"p{i}\"]}}")}]}}"),
        ("20 conditions", $"{{\"allOf\":[{Many(20, i =>
            $"{{\"if\":{{\"required\":[\"p{i}\"]}},\"then\":{{\"required\":[\"q{i}\"]}}}}")}]}}"),
        ("20 dependencies", $"{{\"type\":\"object\",\"dependentRequired\":{{{Many(20, i => $"\"p{i}\":[\"q{i}\"]")}}}}}"),
        ("20,000 enum values", $"{{\"enum\":[{Many(20_000, i => $"\"v{i}\"")}]}}"),
        ("2,000 long enum values", $"{{\"enum\":[{Many(2_000, i => $"\"{new string((char)('a' + (i % 26)), 90)}{i}\"")}]}}"),
        ("3,000 numbers", $"{{\"enum\":[{Many(3_000, i => $"{i}.5")}]}}"),
        ("equal enums in 30 parts", $"{{\"allOf\":[{Many(30, _ => $"{{\"enum\":[{Many(800, i => $"\"v{i}\"")}]}}")}]}}"),
        ("5,000 properties", $"{{\"type\":\"object\",\"properties\":{{{Many(5_000, i => $"\"p{i}\":{Integer}")}}}}}"),
        ("5,000 required names", $"{{\"type\":\"object\",\"required\":[{Many(5_000, i => $"\"p{i}\"")}]}}"),
        ("2,000 properties that are counted",
            $"{{\"type\":\"object\",\"minProperties\":1000,\"properties\":{{{Many(2_000, i => $"\"p{i}\":{Integer}")}}}}}"),
        ("30 patterns of names",
            $"{{\"type\":\"object\",\"patternProperties\":{{{Many(30, i => $"\"{(char)('a' + (i % 26))}{i}\":{Integer}")}}}}}"),
        ("a text of 10^9 characters", "{\"type\":\"string\",\"minLength\":1000000000}"),
        ("a text of up to 10^9 characters", "{\"type\":\"string\",\"maxLength\":1000000000,\"pattern\":\"^a*$\"}"),
        ("10^9 items", "{\"type\":\"array\",\"minItems\":1000000000}"),
        ("up to 10^18 items", "{\"type\":\"array\",\"items\":{\"type\":\"integer\"},\"maxItems\":1000000000000000000}"),
        ("10,000 items 10 levels deep", Nested("{\"type\":\"array\",\"minItems\":10000,\"items\":", Integer, "}", 10)),
        ("a pattern with nested counts", "{\"type\":\"string\",\"pattern\":\"((a{1,100}){1,100}){1,100}\"}"),
        ("a pattern with a long memory", "{\"type\":\"string\",\"pattern\":\"^.*a.{25}$\"}"),
        ("a pattern of 20,000 alternatives", $"{{\"type\":\"string\",\"pattern\":\"{string.Join('|', Enumerable.Range(0, 20_000))}\"}}"),
        ("a pattern nested 10,000 deep", $"{{\"type\":\"string\",\"pattern\":\"{new string('(', 10_000)}a{new string(')', 10_000)}\"}}"),
        ("8 patterns at once",
            $"{{\"type\":\"string\",\"allOf\":[{Many(8, i => $"{{\"pattern\":\"{(char)('a' + i)}.{{{10 + i}}}b\"}}")}]}}"),
        ("60 levels of objects", Nested("{\"type\":\"object\",\"properties\":{\"a\":", Integer, "}}", 30)),
        ("60 levels of not", Nested("{\"not\":", Integer, "}", 60)),
        ("nested beyond the parser", Nested("{\"items\":", Integer, "}", 200)),
        ("more than 256 KiB", $"{{\"description\":\"{new string('x', 300_000)}\"}}"),
        ("a number of 100,000 digits", $"{{\"minimum\":1{new string('0', 100_000)}}}"),
        ("a number with a huge exponent", "{\"multipleOf\":1e-999999999}"),
        ("bounds with 400 digits", $"{{\"minimum\":0.{new string('1', 390)},\"maximum\":0.{new string('2', 390)}}}"),
        ("a step of many digits", "{\"type\":\"integer\",\"multipleOf\":982451653,\"minimum\":-1000000000000000}"),
        ("contains with 10,000 items", "{\"type\":\"array\",\"contains\":{\"const\":1},\"minContains\":5000,\"maxItems\":10000}"),
        ("a type without values", "{\"type\":\"string\",\"enum\":[1,2,3]}"),
        ("parts that contradict each other", "{\"allOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]}"),
    ];

    private static string Many(int count, Func<int, string> make) => string.Join(',', Enumerable.Range(0, count).Select(make));

    private static string Doubling(string keyword, int levels)
    {
        var text = new StringBuilder("{\"$ref\":\"#/$defs/d0\",\"$defs\":{");
        for (var level = 0; level < levels; level++)
        {
            text.Append($"\"d{level}\":{{\"{keyword}\":[{{\"$ref\":\"#/$defs/d{level + 1}\"}},{{\"$ref\":\"#/$defs/d{level + 1}\"}}]}},");
        }

        return text.Append($"\"d{levels}\":{Integer}}}}}").ToString();
    }

    /// <summary>A value that must meet one option of each of several choices.</summary>
    private static string Combined(int choices, int options) => $"{{\"allOf\":[{Many(choices, choice =>
        $"{{\"anyOf\":[{Many(options, option => $"{{\"type\":\"object\",\"required\":[\"p{choice}x{option}\"]}}")}]}}")}]}}";

    private static string Nested(string open, string middle, string close, int levels) =>
        string.Concat(Enumerable.Repeat(open, levels)) + middle + string.Concat(Enumerable.Repeat(close, levels));
}
