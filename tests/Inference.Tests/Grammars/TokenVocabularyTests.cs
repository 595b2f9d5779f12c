using System.Text;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Grammars;
using Tollgate.Inference.Tests.Models;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tests.Grammars;

public sealed class TokenVocabularyTests
{
    [Fact]
    public void Of_takes_ordinary_tokens_by_their_bytes_and_leaves_control_tokens_out()
    {
        var tokenizer = Tokenizer();
        var control = Enumerable.Range(0, tokenizer.VocabularySize).Where(tokenizer.IsSpecial).ToArray();

        var vocabulary = TokenVocabulary.Of(tokenizer, [control[0]], new Dictionary<int, byte[]> { [control[1]] = "<tool>"u8.ToArray() });

        Assert.Equal(tokenizer.VocabularySize, vocabulary.Size);
        Assert.True(vocabulary.IsEnd(control[0]));
        Assert.Equal("<tool>", Encoding.UTF8.GetString(vocabulary.BytesOf(control[1])));
        Assert.All(control[2..], token => Assert.True(vocabulary.BytesOf(token).IsEmpty));
        Assert.Equal(
            Enumerable.Range(0, vocabulary.Size).Where(token => !vocabulary.BytesOf(token).IsEmpty && !vocabulary.IsEnd(token)),
            vocabulary.Tokens.Order());
    }

    [Fact]
    public void The_trie_leads_to_each_token_by_its_bytes()
    {
        var vocabulary = Samples.Vocabulary(seed: 10, size: 2_000);
        var nodes = vocabulary.Nodes;
        var path = new byte[vocabulary.LongestToken + 1];
        var found = 0;
        for (var node = 1; node < nodes[0].End; node++)
        {
            path[nodes[node].Depth - 1] = nodes[node].Byte;
            Assert.InRange(nodes[node].End, node + 1, nodes[0].End);
            for (var i = nodes[node].FirstToken; i < nodes[node + 1].FirstToken; i++)
            {
                Assert.Equal(vocabulary.BytesOf(vocabulary.Tokens[i]), path.AsSpan(0, nodes[node].Depth));
                found++;
            }
        }

        Assert.Equal(vocabulary.Tokens.Length, found);
    }

    private static BpeTokenizer Tokenizer()
    {
        using var file = GgufFile.Open(Path.Combine(ModelFiles.Defaults, "tiny-assistant", "tiny-assistant.gguf"));
        return new BpeTokenizer(GgufVocabulary.Read(file.Metadata, 4096));
    }
}
