using System.Buffers;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Datasets;

/// <summary>
/// Checks the JSON of a line before anything reads its members: syntax, depth, members that stand twice, halves of surrogate pairs.
/// </summary>
internal sealed class JsonCheck(DatasetFindings findings)
{
    /// <summary>Most levels of objects and arrays, as in a request of the API.</summary>
    public const int MaxDepth = RequestReader.MaxDepth;

    /// <summary>Faults of one line after which its rest is not read: finding the place of each takes time by the line's length.</summary>
    private const int MostFaults = 8;

    /// <summary>Clearing a set costs time by its largest size, so one with more names is given up.</summary>
    private const int MostKeptNames = 256;

    private readonly Stack<int> _objects = [];
    private HashSet<(int Object, UInt128 Name)> _names = [];

    /// <summary>Returns whether the line is one object in JSON, without a fault.</summary>
    public bool Check(RawRecord line)
    {
        var before = findings.FaultCount;
        var json = new Utf8JsonReader(line.Bytes, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            json.Read();
            if (json.TokenType != JsonTokenType.StartObject)
            {
                findings.Add(line.At((int)json.TokenStartIndex), FaultTexts.NotAnObject());
                return false;
            }

            ReadObject(line, ref json);
        }
        catch (JsonException exception)
        {
            AddSyntax(line, json, (int)Math.Clamp(exception.BytePositionInLine ?? 0, 0, line.Bytes.Length));
        }

        Forget();
        return findings.FaultCount == before;
    }

    private void ReadObject(RawRecord line, ref Utf8JsonReader json)
    {
        var count = 0;
        _objects.Push(count);
        var full = findings.FaultCount + MostFaults;
        while (findings.FaultCount < full && json.Read())
        {
            switch (json.TokenType)
            {
                case JsonTokenType.StartObject:
                    _objects.Push(++count);
                    break;
                case JsonTokenType.EndObject:
                    _objects.Pop();
                    break;
                case JsonTokenType.PropertyName when CheckText(line, json) && !_names.Add((_objects.Peek(), NameHash(json))):
                    findings.Add(line.At((int)json.TokenStartIndex), FaultTexts.DuplicateMember(json.GetString()!));
                    break;
                case JsonTokenType.String:
                    CheckText(line, json);
                    break;
                default:
                    break;
            }
        }
    }

    private bool CheckText(RawRecord line, in Utf8JsonReader json)
    {
        var half = json.ValueIsEscaped ? JsonFaults.FindLoneSurrogate(json.ValueSpan) : -1;
        if (half >= 0)
        {
            findings.Add(line.At((int)json.TokenStartIndex + 1 + half), FaultTexts.HalfSurrogate());
        }

        return half < 0;
    }

    private static UInt128 NameHash(in Utf8JsonReader json) =>
        XxHash128.HashToUInt128(json.ValueIsEscaped ? Encoding.UTF8.GetBytes(json.GetString()!) : json.ValueSpan);

    private void AddSyntax(RawRecord line, in Utf8JsonReader json, int at)
    {
        if (JsonFaults.IsTooDeep(json, line.Bytes, MaxDepth))
        {
            findings.Add(line.At((int)json.BytesConsumed), FaultTexts.TooDeep(MaxDepth));
            return;
        }

        findings.Add(line.At(at), FaultTexts.InvalidJson(Explain(line.Bytes[at..])));
    }

    /// <summary>Why JSON cannot go on with these bytes, and what to do.</summary>
    private static string Explain(ReadOnlySpan<byte> rest) => rest switch
    {
        [] => "it ends before the object does. Write each object whole, on one line.",
        [(byte)'N', (byte)'a', ..] or [(byte)'I', (byte)'n', ..] => "NaN and Infinity are no numbers of JSON. Write a number, or null.",
        [(byte)'N' or (byte)'T' or (byte)'F' or (byte)'u', ..] => "it is written as in Python or JavaScript. Write null, true or false.",
        [(byte)'\'', ..] => "a single quote stands here. Write strings in double quotes.",
        [< 0x20, ..] => @"a control character stands here. Write it in a string as an escape, such as \n or \t.",
        [0xEF, 0xBB, 0xBF, ..] => "a byte order mark stands here. Remove it; joined files keep theirs.",
        [(byte)'{', ..] => "another object begins here. Put each object on a line of its own.",
        [(byte)'}' or (byte)']', ..] => "a value or name is missing before the bracket. Remove the comma, or add what is missing.",
        [(byte)',', ..] => "a comma stands here. Remove it; lines of JSONL are not separated by commas.",
        [(byte)'/' or (byte)'#', ..] => "a comment begins here. Remove it.",
        _ => $"the character '{First(rest)}' cannot stand here. Check the quotes, commas and escapes before it.",
    };

    private static string First(ReadOnlySpan<byte> rest) =>
        Rune.DecodeFromUtf8(rest, out var first, out _) == OperationStatus.Done ? first.ToString() : "?";

    private void Forget()
    {
        _objects.Clear();
        if (_names.Count > MostKeptNames)
        {
            _names = [];
        }

        _names.Clear();
    }
}
