using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Handles the members of one endpoint's body.</summary>
/// <typeparam name="TRequest">Type of the parsed request.</typeparam>
internal interface IBodyOf<TRequest>
    where TRequest : class
{
    /// <summary>All members that the endpoint knows.</summary>
    static abstract MemberNames Names { get; }

    /// <summary>Position after the opening brace.</summary>
    int ObjectStart { set; }

    /// <summary>Notes a member with value null, which counts as absent.</summary>
    void SkipNull(string name, ByteRange range);

    /// <summary>Reads the value of a member. Returns false after an error.</summary>
    bool Read(ref RequestReader reader, string name);

    /// <summary>Builds the request from what was read; null after an error.</summary>
    TRequest? Finish(ref RequestReader reader);
}

/// <summary>Parses a body in one pass, for every endpoint.</summary>
internal static class RequestParser
{
    /// <summary>Parses a body. Never throws, whatever the bytes are.</summary>
    /// <param name="takesTail">Whether other bytes may follow the JSON.</param>
    public static bool TryParse<TBody, TRequest>(
        ReadOnlySpan<byte> utf8, TBody body, [NotNullWhen(true)] out TRequest? request, [NotNullWhen(false)] out OpenAiError? error,
        bool takesTail = false)
        where TBody : IBodyOf<TRequest>
        where TRequest : class
    {
        request = null;
        error = utf8.IsEmpty ? OpenAiError.EmptyBody() : utf8.StartsWith("\uFEFF"u8) ? OpenAiError.ByteOrderMark() : null;
        if (error is not null)
        {
            return false;
        }

        var reader = new RequestReader(utf8);
        try
        {
            request = Read<TBody, TRequest>(ref reader, body, takesTail);
            error = reader.Error;
        }
        catch (JsonException exception)
        {
            request = null;
            error = reader.IsTooDeep
                ? OpenAiError.JsonTooDeep(RequestReader.MaxDepth)
                : OpenAiError.MalformedJson(exception.LineNumber, exception.BytePositionInLine);
        }

        return request is not null;
    }

    private static TRequest? Read<TBody, TRequest>(ref RequestReader reader, TBody body, bool takesTail)
        where TBody : IBodyOf<TRequest>
        where TRequest : class
    {
        if (!reader.Begin())
        {
            return null;
        }

        body.ObjectStart = reader.Position;
        var seen = UInt128.Zero;
        while (reader.NextMember(TBody.Names, ref seen, out var name))
        {
            if (reader.IsNull)
            {
                body.SkipNull(name, reader.Range);
            }
            else if (!body.Read(ref reader, name))
            {
                return null;
            }
        }

        return reader.Error is null && (takesTail || reader.End()) ? body.Finish(ref reader) : null;
    }
}
