using Tollgate.Inference.Templates;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tests.Generation;

/// <summary>Lets the scheduler go on by one generated token for each release; without one after half a minute, so that a test that fails
/// ends.</summary>
internal sealed class SteppedTokenizer(ITokenizer inner, SemaphoreSlim turns) : ITokenizer
{
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(30);

    public int VocabularySize => inner.VocabularySize;

    public void Encode(ReadOnlySpan<char> text, bool allowSpecial, List<int> ids) => inner.Encode(text, allowSpecial, ids);

    public void Encode(IReadOnlyList<TextSegment> segments, List<int> ids) => inner.Encode(segments, ids);

    public ReadOnlySpan<byte> TokenBytes(int id)
    {
        turns.Wait(MostTime);
        return inner.TokenBytes(id);
    }

    public bool IsSpecial(int id) => inner.IsSpecial(id);
}
