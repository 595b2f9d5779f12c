using Tokenizers.DotNet;
using Tollgate.Inference.Tokenizers;
using Tollgate.Testing;
using Tollgate.Training.Methods;

namespace Tollgate.Training.Tests.Methods;

public sealed class WordVocabularyTests
{
    [Fact]
    public void Of_keeps_words_of_at_least_two_rows_the_frequent_ones_first()
    {
        var vocabulary = WordVocabulary.Of(["Good soup, good song!", "good SOUP", "The song is good.", "Café"]);
        var tokenizer = TokenizerFile.ReadFramed(vocabulary.ToTokenizerFile());

        // 0 and 1 stand for padding and unknown words; "good" is in three rows, "song" and "soup" in two.
        Assert.Equal(5, vocabulary.Size);
        Assert.Equal([2, 4, 1, 2, 3, 1], tokenizer.Cut("GOOD soup, good song!"));
        Assert.Empty(tokenizer.Frame.Prefix);
        Assert.Empty(tokenizer.Frame.Suffix);
    }

    [Fact]
    public void A_word_that_begins_with_another_is_unknown_as_a_whole()
    {
        var tokenizer = TokenizerFile.ReadFramed(WordVocabulary.Of(["good", "good"]).ToTokenizerFile());

        Assert.Equal([1, 2], tokenizer.Cut("goodness good"));
    }

    [Fact]
    public void The_file_means_the_same_to_the_library_of_Hugging_Face()
    {
        string[] texts =
        [
            "The soup wasn't good; it was AWFUL!!", "Crème brûlée — très bon", "price: $4.50 (4,50 €)", "the the the", "中文 text 好",
            "a\tb\r\nc",
            "naïve co-operation's end…", "🙂 good 🙂", "x² ½ №5", "  ", "good",
        ];
        var json = WordVocabulary.Of([.. texts, .. texts]).ToTokenizerFile();
        var path = Path.Combine(TestFolder.Create("words"), "tokenizer.json");
        File.WriteAllBytes(path, json);
        using var reference = new Tokenizer(path);
        var tokenizer = TokenizerFile.ReadFramed(json);

        Assert.All(
            texts.Append("Nothing of that, goodness!"),
            text => Assert.Equal(reference.Encode(text).Select(id => (int)id), tokenizer.Cut(text)));
    }
}
