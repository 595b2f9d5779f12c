using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Administration;

/// <summary>Reads the bodies of <c>/v1/organization</c>. Which members a body may have is what its record has.</summary>
public static class AdminBody
{
    /// <summary>The members of a body that are there and not null. Never throws; sets exactly one of <paramref name="members"/> and
    /// <paramref name="error"/>.</summary>
    /// <typeparam name="T">The record that describes the body.</typeparam>
    public static bool TryParse<T>(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out IReadOnlyDictionary<string, JsonElement>? members,
        [NotNullWhen(false)] out OpenAiError? error)
    {
        var read = RequestParser.TryParse(body.Span, new Body<T> { Members = [] }, out Dictionary<string, JsonElement>? found, out error);
        members = found;
        return read;
    }

    /// <summary>The names of a record's members.</summary>
    public static IReadOnlyList<string> NamesOf<T>() => Names<T>.Texts;

    private static class Names<T>
    {
        public static readonly string[] Texts =
            [.. typeof(T).GetProperties().Select(one => one.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name).OfType<string>()];

        public static readonly MemberNames Known = new(Texts);
    }

    private struct Body<T> : IBodyOf<Dictionary<string, JsonElement>>
    {
        static MemberNames IBodyOf<Dictionary<string, JsonElement>>.Names => Names<T>.Known;

        public required Dictionary<string, JsonElement> Members { get; init; }

        public readonly int ObjectStart
        {
            set { }
        }

        public readonly void SkipNull(string name, ByteRange range)
        {
            // Null counts as absent.
        }

        public readonly bool Read(ref RequestReader reader, string name)
        {
            if (!reader.ReadJson(out var value))
            {
                return false;
            }

            Members.Add(name, value);
            return true;
        }

        public readonly Dictionary<string, JsonElement>? Finish(ref RequestReader reader) => Members;
    }
}
