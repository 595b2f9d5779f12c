using System.Numerics.Tensors;
using System.Text;
using System.Text.Unicode;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>The characters that a recognizer knows, by the number of its output less one: output 0 is the blank, which parts equal
/// neighbours. The space is the last one.</summary>
internal sealed class OcrDictionary
{
    private const string Space = " ";

    private readonly string[] _characters;

    private OcrDictionary(string[] characters) => _characters = characters;

    /// <summary>Numbers that a recognizer with this dictionary gives at each place of a line.</summary>
    public int Outputs => _characters.Length + 1;

    /// <summary>Reads a file with a character in each line, UTF-8.</summary>
    /// <exception cref="ModelImportException">A line is empty, or the file is not UTF-8.</exception>
    public static OcrDictionary Read(ReadOnlySpan<byte> file)
    {
        if (!Utf8.IsValid(file))
        {
            throw new ModelImportException("The dictionary is not UTF-8.");
        }

        var lines = Encoding.UTF8.GetString(file).TrimStart('\uFEFF').Split('\n').Select(line => line.TrimEnd('\r')).ToList();
        if (lines[^1].Length == 0)
        {
            lines.RemoveAt(lines.Count - 1);
        }

        return lines.FindIndex(line => line.Length == 0) is var empty and >= 0
            ? throw new ModelImportException($"Line {empty + 1} of the dictionary is empty; each line holds a character.")
            : new OcrDictionary([.. lines, Space]);
    }

    /// <summary>Reads a line from the scores of its places: at each the best character, equal neighbours once, blanks left out (greedy
    /// CTC).</summary>
    /// <param name="scores"><c>[places, outputs]</c>, each row a distribution.</param>
    /// <param name="used">Share of the places that shows the line; the others are padding.</param>
    public TextReading Decode(ReadOnlySpan<float> scores, double used)
    {
        var places = scores.Length / Outputs;
        var characters = new List<ReadCharacter>();
        var before = 0;
        for (var place = 0; place < places; place++)
        {
            var row = scores.Slice(place * Outputs, Outputs);
            var best = TensorPrimitives.IndexOfMax(row);
            if (best != 0 && best != before)
            {
                characters.Add(new ReadCharacter(_characters[best - 1], row[best], Math.Min((place + 0.5) / places / used, 1)));
            }

            before = best;
        }

        return new TextReading(characters);
    }
}
