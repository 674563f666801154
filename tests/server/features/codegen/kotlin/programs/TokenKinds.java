// Prints the kinds of the tokens of every Kotlin file below each folder, but for the runtime: `java TokenKinds.java FOLDER...`.
// Comments and white space are left out, and so is the comma that a broken line ends in; a text is one token, unless something
// is evaluated in it.
import java.nio.file.*;
import java.util.*;
import java.util.stream.*;
import org.jetbrains.kotlin.lexer.KotlinLexer;

class TokenKinds {
    static final Set<String> TEXT = Set.of("REGULAR_STRING_PART", "ESCAPE_SEQUENCE");
    static final Set<String> UNSEEN = Set.of("WHITE_SPACE", "EOL_COMMENT", "BLOCK_COMMENT", "KDoc");
    static final Set<String> CLOSING = Set.of("RPAR", "RBRACE", "RBRACKET");

    static List<String> kinds(String text) {
        List<String> found = new ArrayList<>();
        KotlinLexer lexer = new KotlinLexer();
        lexer.start(text);
        for (; lexer.getTokenType() != null; lexer.advance()) {
            String kind = lexer.getTokenType().toString();
            if (UNSEEN.contains(kind)) continue;
            if (CLOSING.contains(kind) && !found.isEmpty() && found.get(found.size() - 1).equals("COMMA")) found.remove(found.size() - 1);
            if (!TEXT.contains(kind)) found.add(kind);
        }
        return found;
    }

    public static void main(String[] folders) throws Exception {
        for (String folder : folders) {
            Path root = Path.of(folder);
            List<Path> files = Files.walk(root).filter(path -> path.toString().endsWith(".kt")).sorted().collect(Collectors.toList());
            for (Path path : files) {
                String name = root.relativize(path).toString();
                if (!name.startsWith("runtime")) System.out.println(folder + "\t" + name + "\t" + String.join(" ", kinds(Files.readString(path))));
            }
        }
    }
}
